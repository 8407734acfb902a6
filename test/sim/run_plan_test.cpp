#include "sim/run_plan.h"

#include <doctest/doctest.h>

#include <set>

namespace distkv::sim {

TEST_SUITE_BEGIN("run plan");

TEST_CASE("the swarm draws every number of nodes and copies, and every quorum") {
  std::set<uint32_t> nodes;
  std::set<std::tuple<uint32_t, uint32_t, uint32_t>> quorums;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    base::Rng rng(seed);
    const ClusterPlan plan = draw_swarm_cluster(0, rng);
    nodes.insert(plan.nodes);
    quorums.emplace(plan.replicas, plan.read_quorum, plan.write_quorum);
    CHECK(plan.latecomers < plan.nodes);
    CHECK(plan.read_quorum <= plan.replicas);
    CHECK(plan.write_quorum <= plan.replicas);
  }
  CHECK(nodes.size() == 9);
  CHECK(quorums.size() == 1 + 4 + 9 + 16 + 25);
}

TEST_CASE("the swarm keeps to a number of nodes that was asked for") {
  base::Rng rng(1);
  CHECK(draw_swarm_cluster(4, rng).nodes == 4);
}

TEST_CASE("a disk is lost only where an acknowledged write has another") {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    Options options;
    options.seed = seed;
    options.nodes = 0;
    options.is_swarm = true;
    base::Rng rng(seed);
    const RunPlan plan = draw_run(options, rng);
    for (const FaultPlan::Source& source : plan.faults.sources) {
      const bool loses_disk = source.kind == FaultKind::kWipe || source.kind == FaultKind::kRot ||
                              source.kind == FaultKind::kOldCopy;
      if (!loses_disk) continue;
      CHECK(plan.cluster.write_quorum > 1);
      CHECK(plan.cluster.nodes - plan.cluster.latecomers > 1);
    }
  }
}

TEST_CASE("where tombstones go soon and a copy may be restored, clocks are within the grace") {
  size_t count = 0;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    Options options;
    options.seed = seed;
    options.nodes = 0;
    options.is_swarm = true;
    base::Rng rng(seed);
    const RunPlan plan = draw_run(options, rng);
    if (!collects_soon(plan.cluster) || !has_kind(plan.faults, FaultKind::kOldCopy)) continue;
    ++count;
    CHECK(plan.cluster.clock_error_max > std::chrono::milliseconds(0));
    CHECK(plan.cluster.clock_error_max < plan.cluster.tombstone_grace);
    CHECK_FALSE(has_kind(plan.faults, FaultKind::kDrift));
    CHECK_FALSE(has_kind(plan.faults, FaultKind::kWallJump));
  }
  CHECK(count > 0);
}

TEST_CASE("what reads may count on follows from R, W and the copies that there are") {
  struct Row {
    uint32_t nodes, replicas, read, write;
    bool has_quorums, is_monotonic;
  };
  const Row rows[] = {
      {5, 3, 2, 2, true, true},   {5, 3, 1, 3, true, false},  {5, 3, 3, 1, true, true},
      {5, 3, 1, 1, false, false}, {5, 3, 2, 1, false, true},  {5, 5, 2, 2, false, false},
      {3, 5, 2, 2, true, true},   {2, 3, 1, 1, false, false}, {1, 3, 1, 1, true, true},
  };
  for (const Row& row : rows) {
    ClusterPlan plan;
    plan.nodes = row.nodes;
    plan.replicas = row.replicas;
    plan.read_quorum = row.read;
    plan.write_quorum = row.write;
    const history::Promises promises = promises_of(plan);
    CAPTURE(row.nodes);
    CAPTURE(row.replicas);
    CAPTURE(row.read);
    CAPTURE(row.write);
    CHECK(promises.has_quorums == row.has_quorums);
    CHECK(promises.is_monotonic == row.is_monotonic);
  }
}
TEST_SUITE_END();

}  // namespace distkv::sim
