// Random clusters and random changes to them, for the placement's properties.
#pragma once

#include <string>
#include <vector>

#include "base/check.h"
#include "base/rng.h"
#include "ring/placement.h"

namespace distkv::ring {

inline constexpr size_t kClusterNodesMax = 200;  // What the placement's properties are stated for.

class RandomCluster {
 public:
  struct Limits {
    size_t nodes_max = kClusterNodesMax;
    uint32_t partition_bits_max = 14;
  };
  enum class Change { kJoin, kLeave, kSeveralJoin, kSeveralLeave, kBoth, kReweigh, kRerack };

  RandomCluster(uint64_t seed, Limits limits) : rng_(seed), limits_(limits) {
    partition_count_ = 1u << rng_.below(limits.partition_bits_max + 1);
    replica_count_ = static_cast<uint32_t>(rng_.between(1, kReplicasMax));
    weights_ = static_cast<Weights>(rng_.below(3));
    rack_count_ = rng_.chance(0.4) ? 0 : rng_.between(1, 8);
    const size_t few = limits.nodes_max < 20 ? limits.nodes_max : 20;
    size_ = rng_.between(1, rng_.chance(0.5) ? few : limits.nodes_max);
  }

  base::Rng& rng() { return rng_; }

  Layout founded() {
    const base::Result<Layout> layout = found_layout(
        {base::ClusterId{rng_.next_id()}, partition_count_, replica_count_, random_node()});
    DISTKV_CHECK(layout.is_ok());
    return *layout;
  }

  // The founder and all others that make up the cluster.
  std::vector<LayoutNode> formed(std::vector<LayoutNode> nodes) {
    while (nodes.size() < size_) nodes.push_back(random_node());
    return nodes;
  }

  Change random_change() { return static_cast<Change>(rng_.below(7)); }

  std::vector<LayoutNode> changed(std::vector<LayoutNode> nodes, Change change) {
    const bool leaves = change == Change::kLeave || change == Change::kSeveralLeave;
    const bool joins = change == Change::kJoin || change == Change::kSeveralJoin;
    const bool is_one = change == Change::kJoin || change == Change::kLeave;
    const bool is_both = change == Change::kBoth;
    if (leaves || is_both) remove(nodes, is_one ? 1 : rng_.between(2, 8));
    if (joins || is_both) add(nodes, is_one ? 1 : rng_.between(2, 8));
    LayoutNode& any = nodes[rng_.below(nodes.size())];
    if (change == Change::kReweigh) any.weight = random_weight();
    if (change == Change::kRerack) any.rack = random_rack();
    return nodes;
  }

 private:
  enum class Weights { kEqual, kSimilar, kWild };

  uint32_t random_weight() {
    if (weights_ == Weights::kEqual) return 150;
    if (weights_ == Weights::kSimilar) return static_cast<uint32_t>(rng_.between(100, 300));
    return 1u << rng_.below(14);
  }
  std::string random_rack() {
    return rack_count_ == 0 ? "" : "rack" + std::to_string(rng_.below(rack_count_));
  }
  LayoutNode random_node() {
    return {base::NodeId{rng_.next_id().to_hex()}, random_weight(), random_rack(), ""};
  }
  void add(std::vector<LayoutNode>& nodes, uint64_t count) {
    for (; count > 0 && nodes.size() < limits_.nodes_max; --count) nodes.push_back(random_node());
  }
  void remove(std::vector<LayoutNode>& nodes, uint64_t count) {
    for (; count > 0 && nodes.size() > 1; --count) {
      nodes.erase(nodes.begin() + static_cast<ptrdiff_t>(rng_.below(nodes.size())));
    }
  }

  base::Rng rng_;
  Limits limits_;
  uint32_t partition_count_;
  uint32_t replica_count_;
  Weights weights_;
  uint64_t rack_count_;
  size_t size_;
};

}  // namespace distkv::ring
