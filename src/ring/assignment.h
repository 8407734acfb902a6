// The replica table while it is being computed: rows fill up and swap members until every node
// holds its target.
//
// Kept at every step: a node at most once in a row, and no row that could not be completed within
// the racks' bounds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ring/layout.h"
#include "ring/shares.h"

namespace distkv::ring {

class Assignment {
 public:
  static constexpr NodeIndex kGone = UINT16_MAX;  // Stands for a node that is no longer there.

  // Starts with what `rows_before` holds of the nodes there still are, less what the racks' bounds
  // forbid. `shares` must outlive this.
  Assignment(const Shares& shares, std::vector<NodeIndex> rows_before);

  const Shares& shares() const { return shares_; }
  size_t node_count() const { return held_.size(); }
  std::span<const NodeIndex> row(uint32_t partition) const;
  // The row as it was, empty places included.
  std::span<const NodeIndex> row_before(uint32_t partition) const;
  bool is_full(uint32_t partition) const { return sizes_[partition] == shares_.row_size; }
  bool holds(uint32_t partition, NodeIndex node) const;
  // True if `node` held the partition in `rows_before`: taking it back moves nothing.
  bool held_before(uint32_t partition, NodeIndex node) const;
  // Replicas held beyond the target; negative: still wanted.
  int64_t surplus(NodeIndex node) const;
  bool is_wanting(NodeIndex node) const { return held_[node] < shares_.targets[node]; }

  // For a row that is not full.
  bool may_add(uint32_t partition, NodeIndex node) const;
  void add(uint32_t partition, NodeIndex node);
  // Whether the racks' bounds allow one member less, or one more, of the node's rack in the row.
  bool may_leave_rack(uint32_t partition, NodeIndex node) const;
  bool may_enter_rack(uint32_t partition, NodeIndex node) const;
  // For a full row that holds `from`; `to` takes its place in the order of preference.
  bool may_replace(uint32_t partition, NodeIndex from, NodeIndex to) const;
  void replace(uint32_t partition, NodeIndex from, NodeIndex to);

  // The finished table; every row must be full.
  std::vector<NodeIndex> take_rows() &&;

 private:
  uint32_t rack_count(uint32_t partition, RackIndex rack) const;
  uint32_t empty_places(uint32_t partition) const { return shares_.row_size - sizes_[partition]; }
  uint32_t places_due_to_racks(uint32_t partition) const;
  void remove(uint32_t partition, NodeIndex node);
  void keep(uint32_t partition);
  void fit_to_racks(uint32_t partition);
  // Of the members that stand in a rack with more than `bounds` allow, the one most in surplus.
  NodeIndex member_beyond(uint32_t partition, const std::vector<uint32_t>& bounds) const;

  const Shares& shares_;
  const std::vector<NodeIndex> rows_before_;
  const size_t row_size_before_;
  std::vector<RackIndex> racks_due_;  // Those with a place in every row; at most row_size.
  std::vector<NodeIndex> rows_;       // partition_count rows of row_size, filled from the left.
  std::vector<uint8_t> sizes_;
  std::vector<uint32_t> held_;
};

}  // namespace distkv::ring
