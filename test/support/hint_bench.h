// A coordinator's hints, its way to other nodes, and these nodes as scripts: what they are sent
// stays on the way until the test answers.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "repair/hint_host.h"
#include "ring/token.h"
#include "support/hint_fixture.h"

namespace distkv::repair {

// One record on its way to a node.
struct OnTheWay {
  base::Endpoint to;
  base::RequestId id;
  std::string key;
  base::LayoutVersion layout;
  size_t bytes = 0;
};

// Its pressure is the test's, and its scans are counted.
class PressedEngine : public storage::map::MapEngine {
 public:
  double pressure() const override { return now; }
  void scan(const storage::Scan& scan, storage::ScanDone done) override {
    ++scans;
    storage::map::MapEngine::scan(scan, std::move(done));
  }
  double now = 0;
  uint64_t scans = 0;
};

class HintBench : private wire::Network, private membership::Listener {
 public:
  // One partition, kept by self, a and b under layout 1; other nodes are members without a share.
  explicit HintBench(const replica::HintLimits& limits = {})
      : hints(engine, clock, log, limits,
              [this](std::optional<base::Token> token) { dropped.push_back(token); }),
        host{hints,
             replicas,
             layouts,
             engine,
             timers,
             log,
             std::chrono::seconds(2),
             [this](const base::NodeId& node) { stale.push_back(node.value()); }} {
    set_layout(1, {"self", "a", "b"});
    hints.load([](const base::Status& status) { REQUIRE(status.is_ok()); });
    for (const char* node : {"a", "b", "c"}) set_state(node, wire::MemberState::kAlive);
  }

  void set_layout(uint64_t version, const std::vector<std::string>& owners) {
    ring::Layout layout;
    layout.version = base::LayoutVersion{version};
    layout.partition_count = 1;
    layout.replica_count = static_cast<uint32_t>(owners.size());
    for (const std::string& id : owners) layout.nodes.push_back({base::NodeId{id}, 150, "", ""});
    for (ring::NodeIndex i = 0; i < owners.size(); ++i) layout.replicas.push_back(i);
    layouts.current = std::make_shared<const ring::Layout>(std::move(layout));
  }
  void set_state(const std::string& node, wire::MemberState state) {
    membership.learn({node, node + ":1", state, {++incarnation, 0}});
  }
  void keep(const std::string& target, const std::string& key, size_t value_bytes = 1,
            uint64_t layout = 1) {
    hints.add(base::NodeId{target}, key,
              replica::record_of(1, ++counter, std::string(value_bytes, 'v')).view(),
              base::LayoutVersion{layout},
              [](const base::Status& status) { REQUIRE(status.is_ok()); });
  }
  void keep_many(const std::string& target, size_t count, size_t value_bytes = 1) {
    for (size_t i = 0; i < count; ++i) keep(target, "key-" + std::to_string(i), value_bytes);
  }

  // Time passes; whoever is `willing` answers at once.
  void run(base::Duration duration) {
    for (const auto end = clock.time + duration; clock.time <= end;
         clock.time += std::chrono::milliseconds(10)) {
      step();
    }
  }
  // What can happen now does.
  void step() {
    for (size_t before = 1; before > 0;) {
      before = timers.run_due();
      for (const auto& [node, code] : willing) before += answer(node, code);
    }
  }
  // Answers all that is on the way to the node; returns how much that was.
  size_t answer(const std::string& node, base::Code code = base::Code::kOk, size_t max = SIZE_MAX) {
    size_t answered = 0;
    for (const OnTheWay& one : std::vector(on_the_way)) {
      if (one.to.value() != node + ":1" || answered == max) continue;
      ++answered;
      std::erase_if(on_the_way, [&](const auto& other) { return other.id == one.id; });
      if (code == base::Code::kOk) taken[node].push_back(one.key);
      const std::string frame(
          encoder.encode(wire::ApplyReply{code, "as told", persistence}, one.id));
      rpc.on_reply(one.to, *wire::parse_datagram(frame));
    }
    return answered;
  }
  size_t on_the_way_to(const std::string& node) const {
    return static_cast<size_t>(
        std::count_if(on_the_way.begin(), on_the_way.end(),
                      [&](const auto& one) { return one.to.value() == node + ":1"; }));
  }
  size_t bytes_on_the_way() const {
    size_t bytes = 0;
    for (const OnTheWay& one : on_the_way) bytes += one.bytes;
    return bytes;
  }
  uint64_t pending(const std::string& target) const {
    const auto& targets = hints.ledger().targets();
    const auto counts = targets.find(base::NodeId{target});
    return counts == targets.end() ? 0 : counts->second.pending;
  }

  test::HandClock clock;
  test::SilentLog log;
  base::Timers timers{clock};
  PressedEngine engine;
  ring::LiveLayouts layouts;
  wire::Encoder encoder;
  wire::Rpc rpc{*this, timers, encoder};
  replica::DotClock dots{base::ActorId{9}, base::Counter{}, clock};
  replica::HashTree tree;
  replica::Holdings holdings;
  replica::LocalReplica local{engine, dots, tree, holdings, storage::Durability::kGroup};
  membership::Membership membership{{base::NodeId{"self"}, base::Endpoint{"self:1"}, 1, "bench"},
                                    {},
                                    {*this, rpc, encoder, timers, clock, log},
                                    base::Rng(1),
                                    *this};
  replica::Replicas replicas{base::NodeId{"self"}, local, rpc, membership, clock};
  std::vector<OnTheWay> on_the_way;
  std::map<std::string, base::Code> willing;
  std::map<std::string, std::vector<std::string>> taken;  // Keys each node took, in order.
  std::vector<std::string> stale;
  std::vector<std::optional<base::Token>> dropped;
  base::Persistence persistence = base::Persistence::kDisk;  // As answers say.
  size_t sent = 0;
  uint64_t incarnation = 1;
  uint64_t counter = 0;
  replica::HintStore hints;
  const HintHost host;

 private:
  void send_datagram(const base::Endpoint&, std::string_view) override {}
  base::Status send(const base::Endpoint& to, std::string_view bytes) override {
    const auto frame = wire::parse_datagram(bytes);
    REQUIRE(frame.is_ok());
    const auto request = wire::decode<wire::ApplyRequest>(*frame);
    REQUIRE(request.is_ok());
    ++sent;
    on_the_way.push_back({to, frame->request_id, std::string(request->key), request->layout_version,
                          request->values.size()});
    return base::Status::ok();
  }
  void reply(base::ConnectionId, std::string_view) override {}
  void close(base::ConnectionId) override {}
  void on_member_changed(const membership::Member&) override {}
  void on_newer_layout(const membership::Member&) override {}
};

}  // namespace distkv::repair
