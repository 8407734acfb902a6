#include "ring/primaries.h"

#include <algorithm>
#include <span>

#include "base/check.h"

namespace distkv::ring {
namespace {

constexpr NodeIndex kNone = UINT16_MAX;

class FirstPlaces {
 public:
  FirstPlaces(size_t row_size, size_t node_count, const std::vector<NodeIndex>& rows);

  // Leaves each first place where it was, as far as that node may have as many.
  void keep(const std::vector<NodeIndex>& firsts_before);
  void fill();
  // Afterwards every node is within its bounds. That is possible: one R-th of each row's first
  // place for each member is a fractional solution, and the bounds are whole.
  void settle();
  NodeIndex first_of(size_t partition) const { return first_of_[partition]; }

 private:
  std::span<const NodeIndex> row(size_t partition) const {
    return {rows_.data() + partition * row_size_, row_size_};
  }
  int64_t beyond(const std::vector<uint32_t>& bounds, NodeIndex node) const {
    return int64_t{held_[node]} - int64_t{bounds[node]};
  }
  void give(size_t partition, NodeIndex node);
  bool hand_on(const std::vector<uint32_t>& bounds);

  const size_t row_size_;
  const std::vector<NodeIndex>& rows_;
  std::vector<NodeIndex> first_of_;  // By partition.
  std::vector<uint32_t> held_;       // By node: first places,
  std::vector<uint32_t> least_;      //   its replicas over R rounded down
  std::vector<uint32_t> most_;       //   and up.
};

FirstPlaces::FirstPlaces(size_t row_size, size_t node_count, const std::vector<NodeIndex>& rows)
    : row_size_(row_size),
      rows_(rows),
      first_of_(rows.size() / row_size, kNone),
      held_(node_count, 0) {
  std::vector<size_t> replicas(node_count, 0);
  for (const NodeIndex node : rows_) ++replicas[node];
  for (const size_t count : replicas) {
    least_.push_back(static_cast<uint32_t>(count / row_size_));
    most_.push_back(static_cast<uint32_t>((count + row_size_ - 1) / row_size_));
  }
}

void FirstPlaces::give(size_t partition, NodeIndex node) {
  if (first_of_[partition] != kNone) --held_[first_of_[partition]];
  first_of_[partition] = node;
  ++held_[node];
}

void FirstPlaces::keep(const std::vector<NodeIndex>& firsts_before) {
  for (size_t partition = 0; partition < first_of_.size(); ++partition) {
    const NodeIndex node = firsts_before[partition];
    const auto members = row(partition);
    if (std::find(members.begin(), members.end(), node) == members.end()) continue;
    if (beyond(most_, node) < 0) give(partition, node);
  }
}

void FirstPlaces::fill() {
  for (size_t partition = 0; partition < first_of_.size(); ++partition) {
    if (first_of_[partition] != kNone) continue;
    const auto members = row(partition);
    give(partition,
         *std::min_element(members.begin(), members.end(), [&](NodeIndex left, NodeIndex right) {
           return beyond(least_, left) < beyond(least_, right);
         }));
  }
}

void FirstPlaces::settle() {
  for (const std::vector<uint32_t>* bounds : {&most_, &least_}) {
    while (hand_on(*bounds)) continue;
  }
  for (size_t index = 0; index < held_.size(); ++index) {
    const auto node = static_cast<NodeIndex>(index);
    DISTKV_CHECK(beyond(most_, node) <= 0 && beyond(least_, node) >= 0);
  }
}

// One first place on its way from a node beyond its bound, over others, to one short of it; false
// if there is no such way.
bool FirstPlaces::hand_on(const std::vector<uint32_t>& bounds) {
  struct Hop {
    NodeIndex from = kNone;
    uint32_t partition = 0;
  };
  std::vector<std::vector<uint32_t>> led_by(held_.size());
  std::vector<Hop> hops(held_.size());
  std::vector<NodeIndex> queue;
  for (uint32_t partition = 0; partition < first_of_.size(); ++partition) {
    led_by[first_of_[partition]].push_back(partition);
  }
  for (size_t index = 0; index < held_.size(); ++index) {
    const auto node = static_cast<NodeIndex>(index);
    if (beyond(bounds, node) <= 0) continue;
    hops[node].from = node;  // A chain begins here.
    queue.push_back(node);
  }
  for (size_t next = 0; next < queue.size(); ++next) {
    NodeIndex node = queue[next];
    if (beyond(bounds, node) < 0) {
      for (; hops[node].from != node; node = hops[node].from) give(hops[node].partition, node);
      return true;
    }
    for (const uint32_t partition : led_by[node]) {
      for (const NodeIndex member : row(partition)) {
        if (hops[member].from != kNone) continue;
        hops[member] = {node, partition};
        queue.push_back(member);
      }
    }
  }
  return false;
}

}  // namespace

void spread_first_places(size_t row_size, size_t node_count,
                         const std::vector<NodeIndex>& firsts_before,
                         std::vector<NodeIndex>& rows) {
  FirstPlaces firsts(row_size, node_count, rows);
  firsts.keep(firsts_before);
  firsts.fill();
  firsts.settle();
  for (size_t partition = 0; partition < firsts_before.size(); ++partition) {
    const auto row = rows.begin() + static_cast<ptrdiff_t>(partition * row_size);
    const auto first =
        std::find(row, row + static_cast<ptrdiff_t>(row_size), firsts.first_of(partition));
    std::rotate(row, first, first + 1);
  }
}

}  // namespace distkv::ring
