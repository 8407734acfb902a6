#include "ring/exchange.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "ring/hops.h"

namespace distkv::ring {
namespace {

constexpr NodeIndex kNobody = Assignment::kGone;

// Searches over nodes, after Bellman and Ford.
class Exchange {
 public:
  explicit Exchange(Assignment& assignment) : assignment_(assignment), hops_(assignment) {}

  void cancel_cycles();
  void settle_surplus();

 private:
  // The cheapest way found to a node; of equally cheap ones the shortest, for only of a shortest
  // one is it sure that all its hops can be taken together.
  struct Label {
    bool is_reached = false;
    int64_t cost = 0;
    int64_t length = 0;
    NodeIndex from = kNobody;  // Nobody: the way begins here.
    auto rank() const { return std::tuple(!is_reached, cost, length); }
  };

  NodeIndex node_count() const { return static_cast<NodeIndex>(assignment_.node_count()); }
  int64_t cost_of(NodeIndex from, NodeIndex to) const;
  bool improve_labels();
  bool improve_from(NodeIndex from);
  NodeIndex find_cycle() const;
  // The hops to `last` back to where its way begins, or round the cycle that it is part of.
  std::vector<Hop> hops_to(NodeIndex last) const;
  std::vector<Hop> cheapest_cycle();
  // False if no node is in surplus.
  bool label_ways_from_surplus();
  std::vector<NodeIndex> cheapest_ends() const;
  bool is_label_true(NodeIndex end) const;

  Assignment& assignment_;
  Hops hops_;
  std::vector<Label> labels_;
  bool is_cost_ignored_ = false;
};

int64_t Exchange::cost_of(NodeIndex from, NodeIndex to) const {
  const int cost = hops_.cheapest_cost(from, to);
  return is_cost_ignored_ && cost != Hops::kNoHop ? 0 : cost;
}

bool Exchange::improve_labels() {
  bool has_improved = false;
  for (NodeIndex from = 0; from < node_count(); ++from) {
    if (labels_[from].is_reached && improve_from(from)) has_improved = true;
  }
  return has_improved;
}

bool Exchange::improve_from(NodeIndex from) {
  bool has_improved = false;
  for (NodeIndex to = 0; to < node_count(); ++to) {
    const int64_t cost = cost_of(from, to);
    if (cost == Hops::kNoHop) continue;
    const Label label{true, labels_[from].cost + cost, labels_[from].length + 1, from};
    if (label.rank() >= labels_[to].rank()) continue;
    labels_[to] = label;
    has_improved = true;
  }
  return has_improved;
}

// A node on a cycle of labels, each reached from the one before; nobody if there is none.
NodeIndex Exchange::find_cycle() const {
  std::vector<NodeIndex> seen_from(labels_.size(), kNobody);
  for (NodeIndex start = 0; start < node_count(); ++start) {
    NodeIndex node = start;
    while (node != kNobody && seen_from[node] == kNobody) {
      seen_from[node] = start;
      node = labels_[node].from;
    }
    if (node != kNobody && seen_from[node] == start) return node;
  }
  return kNobody;
}

std::vector<Hop> Exchange::hops_to(NodeIndex last) const {
  std::vector<Hop> hops;
  NodeIndex to = last;
  do {
    hops.push_back(hops_.cheapest(labels_[to].from, to));
    to = labels_[to].from;
  } while (to != last && labels_[to].from != kNobody);
  return hops;
}

// Hops round a cycle that saves movement; none if no cycle does.
std::vector<Hop> Exchange::cheapest_cycle() {
  labels_.assign(assignment_.node_count(), Label{true, 0, 0, kNobody});
  while (improve_labels()) {
    const NodeIndex node = find_cycle();
    if (node != kNobody) return hops_to(node);
  }
  return {};
}

// Hops of different partitions never disturb each other. A cycle with two in one partition might
// not be allowed as a whole; it is left alone, and from then on only targets count, not cost.
void Exchange::cancel_cycles() {
  for (std::vector<Hop> cycle = cheapest_cycle(); !cycle.empty(); cycle = cheapest_cycle()) {
    std::vector<uint32_t> partitions;
    for (const Hop& hop : cycle) partitions.push_back(hop.partition);
    std::sort(partitions.begin(), partitions.end());
    is_cost_ignored_ = std::adjacent_find(partitions.begin(), partitions.end()) != partitions.end();
    if (is_cost_ignored_) return;
    for (const Hop& hop : cycle) hops_.take(hop);
  }
}

// Every wanting node that is reached as cheaply and as shortly as the best one.
std::vector<NodeIndex> Exchange::cheapest_ends() const {
  std::vector<NodeIndex> ends;
  for (NodeIndex node = 0; node < node_count(); ++node) {
    if (!labels_[node].is_reached || !assignment_.is_wanting(node)) continue;
    if (!ends.empty() && labels_[node].rank() > labels_[ends[0]].rank()) continue;
    if (!ends.empty() && labels_[node].rank() < labels_[ends[0]].rank()) ends.clear();
    ends.push_back(node);
  }
  return ends;
}

// Taking a chain never makes another one cheaper, so one that still costs what its label says is
// still a cheapest one.
bool Exchange::is_label_true(NodeIndex end) const {
  if (!assignment_.is_wanting(end)) return false;
  NodeIndex to = end;
  for (NodeIndex from = labels_[to].from; from != kNobody; from = labels_[to].from) {
    if (cost_of(from, to) != labels_[to].cost - labels_[from].cost) return false;
    to = from;
  }
  return assignment_.surplus(to) > 0;
}

bool Exchange::label_ways_from_surplus() {
  labels_.assign(assignment_.node_count(), Label{});
  bool has_surplus = false;
  for (NodeIndex node = 0; node < node_count(); ++node) {
    labels_[node].is_reached = assignment_.surplus(node) > 0;
    has_surplus = has_surplus || labels_[node].is_reached;
  }
  // Without cycles that save, no way is worth more hops than there are nodes.
  for (size_t pass = 0; improve_labels(); ++pass) DISTKV_CHECK(pass <= labels_.size());
  return has_surplus;
}

void Exchange::settle_surplus() {
  while (label_ways_from_surplus()) {
    const std::vector<NodeIndex> ends = cheapest_ends();
    DISTKV_CHECK(!ends.empty());
    for (const NodeIndex end : ends) {
      while (is_label_true(end)) {
        for (const Hop& hop : hops_to(end)) hops_.take(hop);
      }
    }
  }
}

// Chains of one hop, all of them: what most placements need and nothing more.
void hand_over_directly(Assignment& assignment) {
  std::vector<NodeIndex> wanting;
  for (size_t node = 0; node < assignment.node_count(); ++node) {
    if (assignment.is_wanting(static_cast<NodeIndex>(node))) {
      wanting.push_back(static_cast<NodeIndex>(node));
    }
  }
  for (uint32_t partition = 0; partition < assignment.shares().partition_count; ++partition) {
    const auto row = assignment.row(partition);
    for (size_t place = 0; place < row.size() && !wanting.empty(); ++place) {
      if (assignment.surplus(row[place]) <= 0) continue;
      const auto to = std::find_if(wanting.begin(), wanting.end(), [&](NodeIndex node) {
        return assignment.may_replace(partition, row[place], node);
      });
      if (to == wanting.end()) continue;
      assignment.replace(partition, row[place], *to);
      if (!assignment.is_wanting(*to)) wanting.erase(to);
    }
  }
}

// True if every node holds its target and none of what it held before went needlessly.
bool is_ideal(const Assignment& assignment) {
  std::vector<uint32_t> kept(assignment.node_count(), 0);
  std::vector<uint32_t> before(assignment.node_count(), 0);
  for (uint32_t partition = 0; partition < assignment.shares().partition_count; ++partition) {
    for (const NodeIndex node : assignment.row_before(partition)) {
      if (node == kNobody) continue;
      ++before[node];
      if (assignment.holds(partition, node)) ++kept[node];
    }
  }
  for (size_t node = 0; node < kept.size(); ++node) {
    const uint32_t target = assignment.shares().targets[node];
    if (assignment.surplus(static_cast<NodeIndex>(node)) != 0) return false;
    if (kept[node] != std::min(before[node], target)) return false;
  }
  return true;
}

}  // namespace

void settle(Assignment& assignment) {
  hand_over_directly(assignment);
  if (is_ideal(assignment)) return;
  Exchange exchange(assignment);
  exchange.cancel_cycles();
  exchange.settle_surplus();
}

}  // namespace distkv::ring
