// All the ways to hand one replica on, counted by giver and taker, so that a chain is searched over
// nodes alone however many partitions there are.
#pragma once

#include <cstdint>
#include <vector>

#include "ring/assignment.h"

namespace distkv::ring {

// One replica of `partition` goes from one node to another.
struct Hop {
  uint32_t partition = 0;
  NodeIndex from = 0;
  NodeIndex to = 0;
};

class Hops {
 public:
  // What a hop adds to the replicas that have to move: less for one that was moving anyway or
  // returns to where it was.
  static constexpr int kCostMin = -1;
  static constexpr int kCostMax = 1;
  static constexpr int kNoHop = kCostMax + 1;

  // Every row of `assignment`, which must outlive this, must be full.
  explicit Hops(Assignment& assignment);

  // The least cost of a hop between the two, or kNoHop.
  int cheapest_cost(NodeIndex from, NodeIndex to) const;
  // The lowest partition with a hop of that cost; there must be one. Reads every row.
  Hop cheapest(NodeIndex from, NodeIndex to) const;
  // Carries the hop out; it must be allowed.
  void take(const Hop& hop);

 private:
  static constexpr size_t kCosts = kCostMax - kCostMin + 1;

  size_t slot_of(NodeIndex from, NodeIndex to) const {
    return (size_t{from} * assignment_.node_count() + to) * kCosts;
  }
  int cost_of(uint32_t partition, NodeIndex from, NodeIndex to) const;
  // Adds `sign` for every hop that the partition's row allows.
  void count_row(uint32_t partition, int32_t sign);

  Assignment& assignment_;
  std::vector<int32_t> counts_;  // By giver, taker and cost: partitions with such a hop.
};

}  // namespace distkv::ring
