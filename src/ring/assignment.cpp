#include "ring/assignment.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::ring {

Assignment::Assignment(const Shares& shares, std::vector<NodeIndex> rows_before)
    : shares_(shares),
      rows_before_(std::move(rows_before)),
      row_size_before_(rows_before_.size() / shares.partition_count),
      rows_(size_t{shares.partition_count} * shares.row_size, kGone),
      sizes_(shares.partition_count, 0),
      held_(shares.targets.size(), 0) {
  for (size_t rack = 0; rack < shares_.rack_min.size(); ++rack) {
    if (shares_.rack_min[rack] > 0) racks_due_.push_back(static_cast<RackIndex>(rack));
  }
  DISTKV_CHECK(racks_due_.size() <= shares_.row_size);
  for (uint32_t partition = 0; partition < shares_.partition_count; ++partition) keep(partition);
  // Only now are the surpluses known by which a member is chosen to go.
  for (uint32_t partition = 0; partition < shares_.partition_count; ++partition) {
    fit_to_racks(partition);
  }
}

std::span<const NodeIndex> Assignment::row(uint32_t partition) const {
  return {rows_.data() + size_t{partition} * shares_.row_size, sizes_[partition]};
}

bool Assignment::holds(uint32_t partition, NodeIndex node) const {
  const auto members = row(partition);
  return std::find(members.begin(), members.end(), node) != members.end();
}

std::span<const NodeIndex> Assignment::row_before(uint32_t partition) const {
  return {rows_before_.data() + partition * row_size_before_, row_size_before_};
}

bool Assignment::held_before(uint32_t partition, NodeIndex node) const {
  const auto members = row_before(partition);
  return std::find(members.begin(), members.end(), node) != members.end();
}

int64_t Assignment::surplus(NodeIndex node) const {
  return int64_t{held_[node]} - int64_t{shares_.targets[node]};
}

uint32_t Assignment::rack_count(uint32_t partition, RackIndex rack) const {
  const auto members = row(partition);
  return static_cast<uint32_t>(std::count_if(members.begin(), members.end(), [&](NodeIndex member) {
    return shares_.rack_of[member] == rack;
  }));
}

uint32_t Assignment::places_due_to_racks(uint32_t partition) const {
  uint32_t due = 0;
  for (const RackIndex rack : racks_due_) {
    const uint32_t count = rack_count(partition, rack);
    due += shares_.rack_min[rack] - std::min(shares_.rack_min[rack], count);
  }
  return due;
}

bool Assignment::may_add(uint32_t partition, NodeIndex node) const {
  if (is_full(partition) || holds(partition, node)) return false;
  const RackIndex rack = shares_.rack_of[node];
  const uint32_t count = rack_count(partition, rack);
  if (count < shares_.rack_min[rack]) return true;
  return count < shares_.rack_max[rack] && places_due_to_racks(partition) < empty_places(partition);
}

void Assignment::add(uint32_t partition, NodeIndex node) {
  DISTKV_DCHECK(may_add(partition, node));
  rows_[size_t{partition} * shares_.row_size + sizes_[partition]] = node;
  ++sizes_[partition];
  ++held_[node];
}

bool Assignment::may_leave_rack(uint32_t partition, NodeIndex node) const {
  const RackIndex rack = shares_.rack_of[node];
  return rack_count(partition, rack) > shares_.rack_min[rack];
}

bool Assignment::may_enter_rack(uint32_t partition, NodeIndex node) const {
  const RackIndex rack = shares_.rack_of[node];
  return rack_count(partition, rack) < shares_.rack_max[rack];
}

bool Assignment::may_replace(uint32_t partition, NodeIndex from, NodeIndex to) const {
  if (holds(partition, to)) return false;
  if (shares_.rack_of[from] == shares_.rack_of[to]) return true;
  return may_enter_rack(partition, to) && may_leave_rack(partition, from);
}

void Assignment::replace(uint32_t partition, NodeIndex from, NodeIndex to) {
  DISTKV_DCHECK(is_full(partition) && may_replace(partition, from, to));
  const auto first = rows_.begin() + static_cast<ptrdiff_t>(partition * shares_.row_size);
  const auto place = std::find(first, first + shares_.row_size, from);
  DISTKV_CHECK(place != first + shares_.row_size);
  *place = to;
  --held_[from];
  ++held_[to];
}

std::vector<NodeIndex> Assignment::take_rows() && {
  for (uint32_t partition = 0; partition < shares_.partition_count; ++partition) {
    DISTKV_CHECK(is_full(partition));
  }
  return std::move(rows_);
}

void Assignment::remove(uint32_t partition, NodeIndex node) {
  const auto first = rows_.begin() + static_cast<ptrdiff_t>(partition * shares_.row_size);
  const auto last = first + sizes_[partition];
  const auto place = std::find(first, last, node);
  DISTKV_CHECK(place != last);
  std::copy(place + 1, last, place);
  *(last - 1) = kGone;
  --sizes_[partition];
  --held_[node];
}

void Assignment::keep(uint32_t partition) {
  for (const NodeIndex node : row_before(partition)) {
    if (node == kGone) continue;
    // Rows only shrink to the number of nodes, so whoever is left has room.
    DISTKV_CHECK(!is_full(partition));
    rows_[size_t{partition} * shares_.row_size + sizes_[partition]] = node;
    ++sizes_[partition];
    ++held_[node];
  }
}

void Assignment::fit_to_racks(uint32_t partition) {
  for (NodeIndex node = member_beyond(partition, shares_.rack_max); node != kGone;
       node = member_beyond(partition, shares_.rack_max)) {
    remove(partition, node);
  }
  while (empty_places(partition) < places_due_to_racks(partition)) {
    const NodeIndex node = member_beyond(partition, shares_.rack_min);
    DISTKV_CHECK(node != kGone);
    remove(partition, node);
  }
}

NodeIndex Assignment::member_beyond(uint32_t partition, const std::vector<uint32_t>& bounds) const {
  NodeIndex found = kGone;
  for (const NodeIndex member : row(partition)) {
    const RackIndex rack = shares_.rack_of[member];
    if (rack_count(partition, rack) <= bounds[rack]) continue;
    if (found == kGone || surplus(member) > surplus(found)) found = member;
  }
  return found;
}

}  // namespace distkv::ring
