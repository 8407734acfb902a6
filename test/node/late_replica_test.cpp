// A node that stands still, before membership has noticed: the others go on without it.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "node/put_forwarder.h"
#include "node/small_cluster.h"
#include "ring/token.h"

namespace distkv::node::test {
namespace {

using std::chrono::milliseconds;
using wire::Consistency;

constexpr size_t kStopped = 2;

std::string key_of(size_t number) { return "key-" + std::to_string(number); }

struct Fixture {
  Fixture() {
    for (size_t i = 0; i < kKeys; ++i) REQUIRE(cluster.put(0, key_of(i), "value") == "ok");
    cluster.run(milliseconds(500));
    const ring::Layout& layout = *cluster[0].node().layouts().current;
    for (size_t i = 0; i < kKeys; ++i) {
      const base::PartitionId partition = layout.partition_of(ring::token_of(key_of(i)));
      if (!layout.is_replica(partition, base::NodeId{"node0"})) foreign.push_back(key_of(i));
    }
    REQUIRE(foreign.size() > 20);
  }

  static constexpr size_t kKeys = 120;
  // Keys that node 0 holds no replica of, so that it must ask two of the three others.
  std::vector<std::string> foreign;
  SmallCluster cluster{4};
};

}  // namespace

TEST_SUITE_BEGIN("late replica");

TEST_CASE_FIXTURE(Fixture, "reads are steered around a node within half a second of its stop") {
  cluster[kStopped].pause();

  base::Duration since{};
  base::Duration last_late{};
  while (since < milliseconds(800)) {
    for (const std::string& key : foreign) {
      const base::Duration took =
          cluster.time_of([&] { CHECK(cluster.get(0, key, Consistency::kQuorum) == "value"); });
      CHECK(took < milliseconds(100));
      since += took;
      if (took > milliseconds(5)) last_late = since;
    }
  }

  // Membership takes longer to suspect it: late answers steered.
  CHECK(last_late > milliseconds(0));
  CHECK(last_late < milliseconds(500));
}

TEST_CASE_FIXTURE(Fixture, "a node that goes on is asked again") {
  cluster[kStopped].pause();
  for (const std::string& key : foreign) (void)cluster.get(0, key, Consistency::kQuorum);
  cluster[kStopped].go_on();
  cluster.run(std::chrono::seconds(20));

  const uint64_t before = cluster[kStopped].engine().sample().reads;
  for (const std::string& key : foreign) (void)cluster.get(0, key, Consistency::kQuorum);
  CHECK(cluster[kStopped].engine().sample().reads > before);
}

TEST_CASE("a read is refused as soon as no replica is left that could answer") {
  SmallCluster cluster{3};
  REQUIRE(cluster.put(0, "key", "value") == "ok");
  cluster[1].crash();
  cluster.run(std::chrono::seconds(30));
  cluster[2].crash();

  const base::Duration took =
      cluster.time_of([&] { CHECK(cluster.get(0, "key", Consistency::kQuorum) == "unavailable"); });
  CHECK(took < milliseconds(500));
}

TEST_CASE_FIXTURE(Fixture, "a put that a silent replica was to mint is handed to the next") {
  cluster[kStopped].pause();

  base::Duration longest{};
  size_t late = 0;
  for (const std::string& key : foreign) {
    const base::Duration took =
        cluster.time_of([&] { CHECK(cluster.put(0, key, "newer") == "ok"); });
    longest = std::max(longest, took);
    late += took > milliseconds(50) ? 1 : 0;
  }

  CHECK(late <= 1);
  CHECK(longest < kForwardPatience + milliseconds(50));
  cluster[kStopped].go_on();
  cluster.run(std::chrono::seconds(10));
  for (const std::string& key : foreign) {
    CHECK(cluster.get(1, key, Consistency::kAll) == "newer");
    CHECK(cluster.sibling_count(1, key) == 1);
  }
}

}  // namespace distkv::node::test
