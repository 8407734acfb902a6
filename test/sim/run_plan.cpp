#include "sim/run_plan.h"

#include <algorithm>

#include "sim/scenario.h"

namespace distkv::sim {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t kSwarmNodesMax = 9;
constexpr uint64_t kSwarmReplicasMax = 5;
constexpr Chance kHalf{500000};
constexpr Chance kThird{333333};
constexpr Chance kSeldom{200000};
// Seldom, since so many siblings make a run slow.
constexpr Chance kIsStubborn{80000};
constexpr uint32_t kPartitionChoices[] = {1, 8, 16, 64};
constexpr uint32_t kVirtualNodesChoices[] = {1, 8, 150};
constexpr Spread kRequestTimeout{milliseconds(300), seconds(3)};
constexpr Spread kSpareDelay{milliseconds(3), milliseconds(200)};
constexpr Spread kRoundsEvery{seconds(2), seconds(12)};
constexpr base::Duration kCollectingRoundsEvery = seconds(2);
constexpr Spread kSettling{milliseconds(0), seconds(1)};
// Less than one frame: the second of two that are not read yet is refused.
constexpr uint64_t kTinyQueueBytesMin = 512;
constexpr uint64_t kTinyQueueBytesMax = 16 * 1024;
constexpr size_t kStubbornKeysMax = 2;
// From a few frames up; where values may be large, a few of those.
constexpr uint64_t kLittleMemoryMin = 4 * 1024;
constexpr uint64_t kLittleMemoryMax = 8 * 1024;
constexpr uint64_t kLargeMemoryMin = 600 * 1024;
constexpr uint64_t kLargeMemoryMax = 1200 * 1024;
constexpr uint64_t kFewCallsMin = 3;
constexpr uint64_t kFewCallsMax = 12;

void draw_quorums(ClusterPlan& plan, base::Rng& rng) {
  plan.replicas = static_cast<uint32_t>(rng.between(1, kSwarmReplicasMax));
  plan.read_quorum = static_cast<uint32_t>(rng.between(1, plan.replicas));
  plan.write_quorum = static_cast<uint32_t>(rng.between(1, plan.replicas));
}

void draw_settings(ClusterPlan& plan, base::Rng& rng) {
  plan.partitions = kPartitionChoices[rng.below(std::size(kPartitionChoices))];
  plan.virtual_nodes = kVirtualNodesChoices[rng.below(std::size(kVirtualNodesChoices))];
  if (happens(rng, kHalf)) plan.request_timeout = draw(rng, kRequestTimeout);
  if (happens(rng, kHalf)) plan.spare_delay = draw(rng, kSpareDelay);
  if (happens(rng, kHalf)) plan.rounds_every = draw(rng, kRoundsEvery);
  if (happens(rng, kHalf)) plan.settling_time = draw(rng, kSettling);
}

// Clients that never look again, all at a key or two: siblings pile up to the limit.
void make_stubborn(WorkloadPlan& plan) {
  plan.is_stubborn = true;
  plan.is_hurried = true;
  plan.is_large = kNever;  // A record of so many must fit the log of its store.
  plan.keys.resize(std::min(plan.keys.size(), kStubbornKeysMax));
}

// Nodes that have little memory for requests, or leave few calls to a peer unanswered.
void make_cramped(ClusterPlan& plan, WorkloadPlan& workload, base::Rng& rng) {
  const bool has_large_values = workload.is_large.per_million > 0;
  if (happens(rng, kHalf)) {
    if (has_large_values) workload.is_large = kThird;
    plan.admission.bytes_max = has_large_values ? rng.between(kLargeMemoryMin, kLargeMemoryMax)
                                                : rng.between(kLittleMemoryMin, kLittleMemoryMax);
    plan.admission.connection_bytes_max = plan.admission.bytes_max / rng.between(1, 4);
  }
  if (happens(rng, kHalf)) plan.calls.peer_calls_max = rng.between(kFewCallsMin, kFewCallsMax);
}

// A copy of a store that forgot a promise, and nobody is there to say so, may mint below a horizon
// if its clock is behind by more than the grace; that takes a day but for here
// (repair/COLLECTION.md).
void keep_clocks_within_grace(RunPlan& plan) {
  keep_clocks(plan.faults);
  plan.cluster.clock_error_max =
      std::chrono::duration_cast<milliseconds>(plan.cluster.tombstone_grace / 2);
}

// All replicas of a partition must be there at once now and then, and keys rest.
void collect_tombstones(RunPlan& plan, uint64_t seed) {
  plan.cluster.rounds_every = kCollectingRoundsEvery;
  let_tombstones_age(plan.workload);
  thin_out(plan.faults, base::Rng(seed));
  if (has_kind(plan.faults, FaultKind::kOldCopy)) keep_clocks_within_grace(plan);
}

FaultBounds bounds_of(const Options& options, const ClusterPlan& plan) {
  const bool outlives_a_disk = std::min(plan.write_quorum, plan.replicas_at_first()) > 1;
  return {outlives_a_disk, options.engine == EngineKind::kLsm};
}
}  // namespace

ClusterPlan draw_swarm_cluster(uint32_t nodes, base::Rng& rng) {
  ClusterPlan plan;
  const auto drawn = static_cast<uint32_t>(rng.between(1, kSwarmNodesMax));
  plan.nodes = nodes == 0 ? drawn : nodes;
  draw_quorums(plan, rng);
  draw_settings(plan, rng);
  if (plan.nodes > 1 && happens(rng, kHalf)) {
    plan.latecomers = static_cast<uint32_t>(rng.between(1, plan.nodes - 1));
  }
  return plan;
}

RunPlan draw_run(const Options& options, base::Rng& rng) {
  RunPlan plan;
  if (options.scenario) {
    plan.cluster = options.scenario->cluster;
    plan.workload.clients = 0;
    plan.workload.keys = options.scenario->keys;
    return plan;
  }
  plan.workload = draw_workload(rng);
  plan.workload.has_sessions = draw_sessions(options.seed);
  plan.cluster =
      options.is_swarm ? draw_swarm_cluster(options.nodes, rng) : draw_cluster(options.nodes, rng);
  plan.cluster.hints = draw_hint_limits(options.seed);
  plan.cluster.has_anti_entropy = draw_anti_entropy(options.seed);
  plan.cluster.tombstone_grace = draw_tombstone_grace(options.seed);
  const FaultBounds bounds = bounds_of(options, plan.cluster);
  const bool is_focused = options.is_swarm && happens(rng, kThird);
  plan.faults = is_focused ? draw_few_faults(rng, bounds) : draw_faults(rng, bounds);
  if (collects_soon(plan.cluster)) collect_tombstones(plan, options.seed);
  if (!options.is_swarm) return plan;
  if (happens(rng, kIsStubborn)) make_stubborn(plan.workload);
  if (happens(rng, kSeldom)) {
    plan.faults.network.queue_bytes_max = rng.between(kTinyQueueBytesMin, kTinyQueueBytesMax);
  }
  if (!plan.workload.is_stubborn && happens(rng, kHalf)) {
    make_cramped(plan.cluster, plan.workload, rng);
  }
  return plan;
}

// Where quorums meet among all, they do so among the fewer there were before some joined: a quorum
// of R is then R or everybody.
history::Promises promises_of(const ClusterPlan& plan) {
  const uint32_t all = std::min(plan.replicas, plan.nodes);
  const uint32_t read = std::min(plan.read_quorum, all);
  const uint32_t write = std::min(plan.write_quorum, all);
  return {read + write > all, 2 * read > all, true, !collects_soon(plan)};
}

}  // namespace distkv::sim
