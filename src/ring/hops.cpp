#include "ring/hops.h"

#include <array>

#include "base/check.h"

namespace distkv::ring {

Hops::Hops(Assignment& assignment)
    : assignment_(assignment),
      counts_(assignment.node_count() * assignment.node_count() * kCosts, 0) {
  for (uint32_t partition = 0; partition < assignment.shares().partition_count; ++partition) {
    DISTKV_CHECK(assignment.is_full(partition));
    count_row(partition, 1);
  }
}

int Hops::cost_of(uint32_t partition, NodeIndex from, NodeIndex to) const {
  return (assignment_.held_before(partition, to) ? 0 : 1) -
         (assignment_.held_before(partition, from) ? 0 : 1);
}

int Hops::cheapest_cost(NodeIndex from, NodeIndex to) const {
  const size_t slot = slot_of(from, to);
  for (size_t i = 0; i < kCosts; ++i) {
    if (counts_[slot + i] > 0) return static_cast<int>(i) + kCostMin;
  }
  return kNoHop;
}

Hop Hops::cheapest(NodeIndex from, NodeIndex to) const {
  const int cost = cheapest_cost(from, to);
  DISTKV_CHECK(cost != kNoHop);
  uint32_t partition = 0;
  while (!assignment_.holds(partition, from) || !assignment_.may_replace(partition, from, to) ||
         cost_of(partition, from, to) != cost) {
    ++partition;
    DISTKV_CHECK(partition < assignment_.shares().partition_count);
  }
  return {partition, from, to};
}

void Hops::take(const Hop& hop) {
  DISTKV_CHECK(assignment_.may_replace(hop.partition, hop.from, hop.to));
  count_row(hop.partition, -1);
  assignment_.replace(hop.partition, hop.from, hop.to);
  count_row(hop.partition, 1);
}

// What may_replace and cost_of say for each pair, with the giver's part judged once for all takers.
void Hops::count_row(uint32_t partition, int32_t sign) {
  struct Giver {
    NodeIndex node;
    RackIndex rack;
    bool may_leave_rack;
    int saving;
  };
  const std::vector<RackIndex>& rack_of = assignment_.shares().rack_of;
  std::array<Giver, kReplicasMax> givers;
  size_t giver_count = 0;
  for (const NodeIndex node : assignment_.row(partition)) {
    givers[giver_count++] = {node, rack_of[node], assignment_.may_leave_rack(partition, node),
                             assignment_.held_before(partition, node) ? 0 : 1};
  }
  for (size_t taker = 0; taker < assignment_.node_count(); ++taker) {
    const auto to = static_cast<NodeIndex>(taker);
    if (assignment_.holds(partition, to)) continue;
    const bool may_enter_rack = assignment_.may_enter_rack(partition, to);
    const int price = assignment_.held_before(partition, to) ? 0 : 1;
    for (size_t i = 0; i < giver_count; ++i) {
      const Giver& from = givers[i];
      if (from.rack != rack_of[to] && !(from.may_leave_rack && may_enter_rack)) continue;
      counts_[slot_of(from.node, to) + static_cast<size_t>(price - from.saving - kCostMin)] += sign;
    }
  }
}

}  // namespace distkv::ring
