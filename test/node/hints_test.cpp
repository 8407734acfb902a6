// What a node keeps for others, as it is asked for and shown.
#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>

#include "node/small_cluster.h"
#include "ring/token.h"

namespace distkv::node::test {
namespace {

using base::Code;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::Duration kDeathKnown = seconds(10);

std::string key_of(size_t i) { return "key-" + std::to_string(i); }

// Three nodes that all keep everything; node 2 is away.
struct Fixture {
  explicit Fixture(const replica::HintLimits& limits = {}) : cluster(3, 3, limits) {
    cluster[2].crash();
    cluster.run(kDeathKnown);
  }
  void put_some(size_t count) {
    for (size_t i = 0; i < count; ++i) REQUIRE(cluster.put(0, key_of(i), "value") == "ok");
  }
  // The reply as "code done pending" once it is there.
  std::shared_ptr<std::string> ask(const wire::HintsRequest& request) {
    auto text = std::make_shared<std::string>();
    cluster[0].node().hints(request, [text](const wire::HintsReply& reply) {
      *text = std::string(name_of(reply.code)) + (reply.is_done ? " done" : "");
      for (const wire::HintTarget& target : reply.targets) {
        *text += " " + std::string(target.id) + ":" + std::to_string(target.pending);
      }
    });
    return text;
  }
  wire::StatusReply status() {
    wire::StatusReply found;
    cluster[0].node().status([&](const wire::StatusReply& reply) {
      found.hints_pending = reply.hints_pending;
      found.hint_bytes = reply.hint_bytes;
      found.hint_age = reply.hint_age;
      found.hints_dropped = reply.hints_dropped;
      found.dirty_partitions = reply.dirty_partitions;
    });
    return found;
  }
  SmallCluster cluster;
};

TEST_SUITE_BEGIN("hints of a node");

TEST_CASE("what is kept is shown for each target and in sum") {
  Fixture here;
  here.put_some(5);
  here.cluster.run(seconds(3));

  CHECK(*here.ask({}) == "ok node2:5");
  CHECK(*here.ask({.target = "node1"}) == "ok done");
  const wire::StatusReply status = here.status();
  CHECK(status.hints_pending == 5);
  CHECK(status.hint_bytes > 5 * key_of(0).size());
  CHECK(status.hint_age >= seconds(3));
  CHECK(status.hints_dropped == 0);
  CHECK(status.dirty_partitions == 0);
}

TEST_CASE("a wait is answered when the target has come back and has all of it") {
  Fixture here;
  here.put_some(100);
  const auto wait = here.ask({.waits = true, .timeout = seconds(60)});
  here.cluster.run(seconds(2));
  CHECK(wait->empty());

  here.cluster[2].start();
  CHECK(here.cluster.run_until([&] { return !wait->empty(); }, seconds(30)));

  CHECK(*wait == "ok done node2:0");
  for (size_t i = 0; i < 100; ++i) {
    CHECK(here.cluster[2].stored(key_of(i)) == here.cluster[0].stored(key_of(i)));
  }
}

TEST_CASE("a wait whose time is up says what is left, and one of a stopping node that it stops") {
  Fixture here;
  here.put_some(3);
  const auto late = here.ask({.waits = true, .timeout = milliseconds(500)});
  here.cluster.run(milliseconds(600));
  CHECK(*late == "ok node2:3");

  const auto stopped = here.ask({.waits = true, .timeout = seconds(60)});
  here.cluster[0].node().stop([](const base::Status&) {});
  CHECK(*stopped == name_of(Code::kShuttingDown));
  CHECK(*here.ask({}) == name_of(Code::kShuttingDown));
  here.cluster.run(seconds(1));
}

TEST_CASE("hints past the limit are dropped, and exactly their partitions are dirty") {
  Fixture here({10, std::chrono::hours(3)});
  here.put_some(20);

  std::set<base::PartitionId> expected;
  const ring::Layout& layout = *here.cluster[0].node().layouts().current;
  for (size_t i = 0; i < 20; ++i) {
    expected.insert(layout.partition_of(ring::token_of(key_of(i))));
  }
  CHECK(here.cluster[0].node().dirty_partitions() == expected);
  CHECK(here.status().hints_dropped == 20);
  CHECK(here.status().hints_pending == 0);
  CHECK(here.status().dirty_partitions == expected.size());
}

TEST_CASE("hints that grow too old are dropped although their target stays away") {
  Fixture here({1 << 20, seconds(20)});
  here.put_some(3);
  here.cluster.run(seconds(15));
  CHECK(here.status().hints_pending == 3);

  here.cluster.run(seconds(20));

  CHECK(here.status().hints_pending == 0);
  CHECK(here.status().hint_bytes == 0);
  CHECK(here.status().hint_age == milliseconds(0));
  CHECK(here.status().hints_dropped == 3);
  CHECK(here.status().dirty_partitions > 0);
}

TEST_CASE("what is kept and how old it is outlives the node") {
  Fixture here;
  here.put_some(4);
  here.cluster.run(seconds(5));
  const wire::StatusReply before = here.status();
  here.cluster[0].crash();
  here.cluster.run(seconds(5));
  here.cluster[0].start();
  CHECK(here.cluster.run_until([&] { return here.cluster[0].node().is_serving(); }, seconds(30)));

  const wire::StatusReply after = here.status();
  CHECK(after.hints_pending == 4);
  CHECK(after.hint_bytes == before.hint_bytes);
  CHECK(after.hint_age >= before.hint_age + seconds(4));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::node::test
