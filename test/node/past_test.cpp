// A store that is not where its node ended: it was restored from a copy, or started twice from one.
#include "node/past.h"

#include <doctest/doctest.h>

#include <string>

#include "node/small_cluster.h"

namespace distkv::node::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::Consistency;

constexpr size_t kNode = 2;

struct Fixture {
  void await(size_t number) {
    REQUIRE(cluster.run_until([&] { return cluster[number].node().is_serving(); }, seconds(30)));
    cluster.run(seconds(3));
  }
  void restart(size_t number) {
    cluster[number].stop();
    cluster[number].start();
    await(number);
  }
  // A copy of the store as it was closed; its node then lives on.
  auto copy_and_live_on() {
    cluster[kNode].stop();
    auto copy = cluster[kNode].disk.copy();
    cluster[kNode].start();
    await(kNode);
    return copy;
  }
  // The node goes on from such a copy.
  void restart_from(const storage::io::test::SimFileSystem& copy) {
    cluster[kNode].disk.exchange_for(copy);
    cluster[kNode].start();
    await(kNode);
  }
  bool has_renewed() { return cluster[kNode].has_logged("actor_renewed"); }

  SmallCluster cluster{3};
};

}  // namespace

TEST_SUITE_BEGIN("past");

TEST_CASE_FIXTURE(Fixture, "a store that was closed in order goes on under its actor") {
  restart(kNode);
  CHECK_FALSE(has_renewed());
}

TEST_CASE_FIXTURE(Fixture, "where not everybody confirms its past it takes a new one") {
  cluster[kNode].stop();
  cluster[1].crash();
  cluster[kNode].start();
  await(kNode);
  CHECK(has_renewed());
}

TEST_CASE_FIXTURE(Fixture,
                  "a store restored from a copy supersedes nothing that it has forgotten") {
  REQUIRE(cluster.put(kNode, "key", "first") == "ok");
  const auto copy = copy_and_live_on();
  // Written by the later life, beside what a client knows of the first value.
  const std::string context = cluster.context_of(kNode, "key");
  REQUIRE(cluster.put(kNode, "key", "forgotten") == "ok");
  cluster.run(milliseconds(500));
  cluster[kNode].crash();

  restart_from(*copy);
  CHECK(cluster[kNode].has_logged("store_is_older"));
  CHECK(has_renewed());
  REQUIRE(cluster.put(kNode, "key", "restored", context) == "ok");

  cluster.run(milliseconds(500));
  CHECK(cluster.get(0, "key", Consistency::kAll) == "restored");
  CHECK(cluster.sibling_count(0, "key") == 2);
}

TEST_CASE_FIXTURE(Fixture, "starts that end early do not make an old copy look like a later life") {
  const auto copy = copy_and_live_on();
  cluster[kNode].crash();
  cluster[kNode].disk.exchange_for(*copy);
  // As often as it takes to raise the generation over that of the life before.
  for (int i = 0; i < 3; ++i) {
    cluster[kNode].start();
    cluster.run_until([&] { return cluster[kNode].has_logged("hash_tree_built"); },
                      milliseconds(1));
    REQUIRE_FALSE(cluster[kNode].node().is_serving());
    cluster[kNode].crash();
  }

  cluster[kNode].start();
  await(kNode);
  CHECK(cluster[kNode].has_logged("store_is_behind"));
}

TEST_CASE_FIXTURE(Fixture, "a restored store answers no read before it has caught up") {
  const auto copy = copy_and_live_on();
  REQUIRE(cluster.put(kNode, "key", "forgotten") == "ok");
  cluster.run(milliseconds(500));
  cluster[kNode].crash();
  cluster[0].crash();

  // One other replica is up, which may not hold all that this one acknowledged.
  restart_from(*copy);
  CHECK(cluster[kNode].has_logged("store_is_behind"));
  CHECK(cluster.get(kNode, "key", Consistency::kQuorum) == "unavailable");
  CHECK(cluster.get(kNode, "key", Consistency::kOne) == "forgotten");  // From the other.
  CHECK(cluster.put(kNode, "key", "through another") == "ok");

  cluster[0].start();
  await(0);
  REQUIRE(
      cluster.run_until([&] { return cluster[kNode].has_logged("store_caught_up"); }, seconds(30)));
  CHECK(cluster.get(kNode, "key", Consistency::kAll) == "through another");
}

TEST_CASE_FIXTURE(Fixture, "nor does one whose copy was made before it had found its cluster") {
  REQUIRE(cluster.put(0, "key", "first") == "ok");
  cluster[kNode].stop();
  cluster[kNode].disk.exchange_for(storage::io::test::SimFileSystem(kNode));
  cluster[0].crash();
  cluster[kNode].start();
  cluster.run(milliseconds(200));
  cluster[kNode].stop();
  const auto copy = cluster[kNode].disk.copy();
  cluster[0].start();
  await(0);
  cluster[kNode].start();
  await(kNode);
  const std::string context = cluster.context_of(kNode, "key");
  REQUIRE(cluster.put(kNode, "key", "forgotten") == "ok");
  cluster.run(milliseconds(500));
  cluster[kNode].crash();

  restart_from(*copy);
  REQUIRE(cluster.put(kNode, "key", "restored", context) == "ok");

  cluster.run(milliseconds(500));
  CHECK(cluster.sibling_count(0, "key") == 2);
}

TEST_CASE_FIXTURE(Fixture, "a copy of a store does not start while its node runs elsewhere") {
  const auto copy = copy_and_live_on();

  cluster[1].crash();
  cluster[1].disk.exchange_for(*copy);
  cluster[1].config().node_id = cluster[kNode].node().id();
  const std::string why = cluster[1].start_in_vain();
  CHECK(why.find("node node2 runs at localhost:3 on a later state of this store") !=
        std::string::npos);
}

}  // namespace distkv::node::test
