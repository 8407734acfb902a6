// The simulated machines of one run and what can be asked of all of them: does everybody serve, do
// all believe the same, what does each hold of a key.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "causality/record.h"
#include "sim/checks.h"
#include "sim/recorder.h"
#include "sim/replica_watch.h"
#include "sim/sim_node.h"

namespace distkv::sim {

// Drawn per seed.
struct ClusterPlan {
  uint32_t nodes = 5;
  uint32_t partitions = 16;
  uint32_t replicas = 3;  // N
  uint32_t read_quorum = 2;
  uint32_t write_quorum = 2;
  uint32_t latecomers = 0;  // Of the nodes: they join while clients work and faults happen.
  uint32_t virtual_nodes = 150;
  base::Duration request_timeout = std::chrono::seconds(2);
  base::Duration spare_delay = std::chrono::milliseconds(50);
  base::Duration rounds_every = std::chrono::seconds(10);  // Of anti-entropy.
  base::Duration settling_time = std::chrono::milliseconds(300);
  replica::HintLimits hints;
  node::AdmissionLimits admission;
  wire::RpcLimits calls;
  // Replicas must become equal by hints and anti-entropy alone. Otherwise it never begins a round,
  // so that what it would mend behind their backs is left for hints, transfers and reads to bring.
  bool has_anti_entropy = false;
  base::Duration tombstone_grace = std::chrono::hours(24);
  // Wall clocks are apart by up to this at first.
  std::chrono::milliseconds clock_error_max = std::chrono::minutes(1);

  // N before any latecomer comes: with fewer nodes than N these are all.
  uint32_t replicas_at_first() const { return std::min(replicas, nodes - latecomers); }
};

ClusterPlan draw_cluster(uint32_t nodes, base::Rng& rng);
// In some seeds there is room for a few hints alone, or they are too old soon. From the seed
// itself: what else is drawn does not move.
replica::HintLimits draw_hint_limits(uint64_t seed);
bool draw_anti_entropy(uint64_t seed);
// Seconds in some seeds with anti-entropy; else longer than any run.
base::Duration draw_tombstone_grace(uint64_t seed);
bool collects_soon(const ClusterPlan& plan);

class Cluster : public Witness {
 public:
  // `world`, `truth` and `violations` outlive this.
  Cluster(const World& world, const ClusterPlan& plan, Truth& truth, Violations& violations,
          base::Rng rng);

  // Each node but the latecomers starts within the first moments of the run.
  void start();
  // From now on the latecomers come, one by one.
  void start_latecomers();
  // Every node that was ever started serves, sees every other alive, and routes by the same settled
  // layout of them all.
  bool is_formed() const;
  // Some store lost writes and has not caught up yet.
  bool is_behind() const;
  // No node keeps a hint, nor believes that it does.
  bool has_no_hints() const;
  // No request is charged for memory: every one was answered, and gave back what it held.
  bool holds_no_requests() const;
  // Asks every node to tell when all it keeps by now is delivered or dropped.
  void await_hints(base::Duration timeout);
  // All of them have told.
  bool has_awaited_hints() const { return hint_waits_ == 0; }
  uint64_t hints_dropped() const;
  uint64_t records_taken_away() const;
  // Some node dropped a hint of the key's partition since its program began, and says so.
  bool is_dirty(const std::string& key) const;
  // What is wrong with the hash trees, when these are all the keys there are and nothing changes:
  // one is not built, or differs from what its node's store holds. Empty: nothing.
  std::string complaint_of_trees(const std::vector<std::string>& keys) const;
  // A partition that two replicas have different roots of. Empty: none.
  std::string unequal_roots() const;
  // What each replica of the key holds, durable or not.
  std::vector<FinalRecord> records_of(const std::string& key) const;

  size_t holders(const std::string& key, const DotSet& writes) const override;
  size_t needed(wire::Consistency consistency, bool is_read) const override;

  std::vector<SimNode*> nodes() const;
  std::vector<base::Endpoint> endpoints() const;
  const ClusterPlan& plan() const { return plan_; }

 private:
  std::string complaint_of_tree(SimNode& host, const std::vector<std::string>& keys) const;
  bool sees_alive(SimNode& node, size_t nodes) const;

  Scheduler& scheduler_;
  ClusterPlan plan_;
  base::Rng rng_;
  std::vector<std::unique_ptr<ReplicaWatch>> watches_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  size_t hint_waits_ = 0;  // Not answered yet, or not with success.
};

}  // namespace distkv::sim
