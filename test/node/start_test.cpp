#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "node/node.h"
#include "storage/map/map_engine.h"
#include "support/hand_clock.h"
#include "support/silent_log.h"
#include "wire/rpc.h"

namespace distkv::node {
namespace {

using base::Code;

// Answers reads only when the test says so, as a disk does.
class HeldEngine : public storage::map::MapEngine {
 public:
  void get(const storage::KeyRef& key, storage::Part part, storage::GetDone done) override {
    held.push_back([this, key = std::string(key.key), space = key.space, token = key.token, part,
                    done = std::move(done)] {
      storage::map::MapEngine::get({space, token, key}, part, done);
    });
  }
  base::Result<storage::Lookup> try_get(const storage::KeyRef&, storage::Part,
                                        storage::EntryView&) override {
    return storage::Lookup::kWouldBlock;
  }
  void let_go() {
    while (!held.empty()) {
      const auto next = std::move(held.front());
      held.pop_front();
      next();
    }
  }
  std::deque<std::function<void()>> held;
};

// Keeps the frames a node answers with.
class AnswerNetwork : public wire::Network {
 public:
  void send_datagram(const base::Endpoint&, std::string_view) override {}
  base::Status send(const base::Endpoint&, std::string_view) override { return base::Status::ok(); }
  void reply(base::ConnectionId, std::string_view frame) override { answers.emplace_back(frame); }
  void close(base::ConnectionId) override { ++closed; }
  std::vector<std::string> answers;
  int closed = 0;
};

struct Fixture {
  static Config config() {
    Config config;
    config.node_id = base::NodeId{"node1"};
    config.endpoint = base::Endpoint{"localhost:1"};
    config.cluster_name = "prod";
    return config;
  }
  // Hands the node a frame on its one connection.
  void give(std::string_view frame) {
    wire::FrameReader reader(wire::kPeerFrameBytesMax);
    reader.set_judge([this](const wire::FrameHeader& header) {
      return node.on_header(base::ConnectionId{1}, header);
    });
    (void)reader.feed(frame, [this](const wire::FrameView& view) {
      node.on_request(base::ConnectionId{1}, view);
      return true;
    });
  }
  template <typename Reply>
  Reply last_answer() {
    REQUIRE_FALSE(network.answers.empty());
    const auto frame = wire::parse_datagram(network.answers.back());
    REQUIRE(frame.is_ok());
    const auto reply = wire::decode<Reply>(*frame);
    REQUIRE(reply.is_ok());
    return *reply;
  }
  // What a joiner of cluster `name` gets to hear.
  wire::JoinReply ask_to_join(std::string_view name) {
    give(encoder.encode(wire::Greeting{{}, name, "node2"}, base::RequestId{}));
    wire::JoinRequest request;
    request.cluster_name = name;
    request.member.id = "node2";
    request.member.endpoint = "localhost:2";
    request.weight = 150;
    give(encoder.encode(request, base::RequestId{7}));
    REQUIRE(network.answers.size() == 1);
    return last_answer<wire::JoinReply>();
  }

  test::HandClock clock;
  test::SilentLog log;
  base::Timers timers{clock};
  HeldEngine engine;
  AnswerNetwork network;
  wire::Encoder encoder;
  Node node{config(), {network, engine, timers, clock, log}, 1};
};

TEST_SUITE_BEGIN("start");

TEST_CASE("a node still reading its store tells a joiner to come back, not that it is elsewhere") {
  Fixture here;
  here.node.start([](const base::Status&) {});
  REQUIRE_FALSE(here.engine.held.empty());
  CHECK(here.ask_to_join("prod").code == Code::kUnavailable);
}

TEST_CASE("a joiner of another cluster is refused by name, also before the store is read") {
  Fixture here;
  here.node.start([](const base::Status&) {});
  const wire::JoinReply reply = here.ask_to_join("test");
  CHECK(reply.code == Code::kWrongCluster);
  CHECK(reply.message.find("prod") != std::string_view::npos);
}

TEST_CASE("a node without seeds founds a cluster of one and serves") {
  Fixture here;
  bool has_started = false;
  here.node.start([&](const base::Status& status) { has_started = status.is_ok(); });
  here.engine.let_go();
  CHECK(has_started);
  CHECK(here.node.is_serving());
  CHECK(here.ask_to_join("prod").code == Code::kOk);
}

TEST_CASE("a read that the store brings after its asker's time is not answered with a record") {
  for (const bool is_late : {false, true}) {
    Fixture here;
    here.node.start([](const base::Status&) {});
    here.engine.let_go();
    REQUIRE(here.node.is_serving());
    const ring::Layout& layout = *here.node.layouts().current;
    here.give(here.encoder.encode(wire::Greeting{layout.cluster_id, "prod", "node2"}, {}));
    here.give(here.encoder.encode(
        wire::ReadRequest{"key", layout.version, false, std::chrono::milliseconds(100)},
        base::RequestId{8}));
    CHECK(here.network.answers.empty());
    CHECK(here.node.admission().budget()->held() > 0);

    here.clock.time += std::chrono::milliseconds(is_late ? 101 : 100);
    here.engine.let_go();

    if (is_late) CHECK(here.last_answer<wire::ErrorReply>().code == Code::kTimedOut);
    if (!is_late) CHECK(here.last_answer<wire::ReadReply>().code == Code::kOk);
    CHECK(here.node.admission().budget()->held() == 0);
  }
}

TEST_CASE("a node that is stopped while it reads its store founds nothing any more") {
  Fixture here;
  here.node.start([](const base::Status&) {});
  bool has_stopped = false;
  here.node.stop([&](const base::Status& status) { has_stopped = status.is_ok(); });

  here.engine.let_go();

  CHECK(has_stopped);
  CHECK_FALSE(here.node.is_serving());
  CHECK(here.log.lines.empty());
}

TEST_CASE("a founder that was asked to stop publishes no layout for those who asked before") {
  for (const bool is_stopped : {false, true}) {
    Fixture here;
    here.node.start([](const base::Status&) {});
    here.engine.let_go();
    REQUIRE(here.ask_to_join("prod").code == Code::kOk);
    if (is_stopped) here.node.stop([](const base::Status&) {});

    here.clock.time += Fixture::config().settling_time;
    here.timers.run_due();

    const bool has_published = std::any_of(
        here.log.lines.begin(), here.log.lines.end(),
        [](const std::string& line) { return line.find("layout_published") != std::string::npos; });
    CHECK(has_published == !is_stopped);
  }
}

TEST_CASE(
    "a stream that was greeted without a cluster serves to join, and is closed for all else") {
  Fixture here;
  here.node.start([](const base::Status&) {});
  here.engine.let_go();
  CHECK(here.ask_to_join("prod").code == Code::kOk);
  CHECK(here.network.closed == 0);

  here.give(here.encoder.encode(wire::MembersRequest{}, base::RequestId{8}));

  CHECK(here.last_answer<wire::ErrorReply>().code == Code::kWrongCluster);
  CHECK(here.network.closed == 1);
}

TEST_CASE("a request under an older layout is refused, one under this node's is served") {
  Fixture here;
  here.node.start([](const base::Status&) {});
  here.engine.let_go();
  const ring::Layout& layout = *here.node.layouts().current;
  here.give(
      here.encoder.encode(wire::Greeting{layout.cluster_id, "prod", "node2"}, base::RequestId{}));

  for (const uint64_t behind : {1, 0}) {
    const base::LayoutVersion version{layout.version.value() - behind};
    const Code wanted = behind > 0 ? Code::kStaleLayout : Code::kOk;
    here.give(here.encoder.encode(wire::ReadRequest{"k", version, false}, base::RequestId{8}));
    here.engine.let_go();
    CHECK(here.last_answer<wire::ReadReply>().code == wanted);
  }
  const wire::ApplyRequest stale{"k", "m", "v", base::LayoutVersion{0}};
  here.give(here.encoder.encode(stale, base::RequestId{9}));
  CHECK(here.last_answer<wire::ApplyReply>().code == Code::kStaleLayout);
}

TEST_CASE("a node that did not greet, or greeted for another cluster, is answered with an error") {
  Fixture here;
  here.node.start([](const base::Status&) {});
  here.engine.let_go();
  const wire::ReadRequest read{"k", here.node.layouts().version(), false};
  here.give(here.encoder.encode(read, base::RequestId{8}));
  CHECK(here.last_answer<wire::ErrorReply>().code == Code::kInvalidArgument);

  here.give(here.encoder.encode(wire::Greeting{base::ClusterId{{1, 1}}, "prod", "node2"},
                                base::RequestId{}));
  CHECK(here.last_answer<wire::ErrorReply>().code == Code::kWrongCluster);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::node
