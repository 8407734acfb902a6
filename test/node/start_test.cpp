#include <doctest/doctest.h>

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
  void close(base::ConnectionId) override {}
  std::vector<std::string> answers;
};

struct Fixture {
  static Config config() {
    Config config;
    config.node_id = base::NodeId{"node1"};
    config.endpoint = base::Endpoint{"localhost:1"};
    config.cluster_name = "prod";
    return config;
  }
  // What a joiner of cluster `name` gets to hear.
  wire::JoinReply ask_to_join(std::string_view name) {
    const auto give = [this](std::string_view frame) {
      wire::FrameReader reader(wire::kPeerFrameBytesMax);
      (void)reader.feed(frame, [this](const wire::FrameView& view) {
        node.on_request(base::ConnectionId{1}, view);
        return true;
      });
    };
    give(encoder.encode(wire::Greeting{{}, name, "node2"}, base::RequestId{}));
    wire::JoinRequest request;
    request.cluster_name = name;
    request.member.id = "node2";
    request.member.endpoint = "localhost:2";
    request.weight = 150;
    give(encoder.encode(request, base::RequestId{7}));
    REQUIRE(network.answers.size() == 1);
    const auto frame = wire::parse_datagram(network.answers.back());
    REQUIRE(frame.is_ok());
    const auto reply = wire::decode<wire::JoinReply>(*frame);
    REQUIRE(reply.is_ok());
    return *reply;
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

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::node
