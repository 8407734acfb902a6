#include "least_movement.h"

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "base/check.h"

namespace distkv::ring {
namespace {

// Successive shortest paths, one unit at a time.
class Flow {
 public:
  explicit Flow(size_t vertex_count) : edges_of_(vertex_count) {}

  void add_edge(size_t from, size_t to, int64_t capacity, int64_t cost) {
    edges_of_[from].push_back(edges_.size());
    edges_.push_back({from, to, capacity, cost});
    edges_of_[to].push_back(edges_.size());
    edges_.push_back({to, from, 0, -cost});
  }

  // The cost of `units` from `source` to `sink`, which must be able to flow.
  int64_t cost_of(size_t source, size_t sink, uint64_t units) {
    int64_t total = 0;
    for (; units > 0; --units) total += send_one(source, sink);
    return total;
  }

 private:
  struct Edge {
    size_t from;
    size_t to;
    int64_t capacity;
    int64_t cost;
  };
  static constexpr int64_t kUnreached = std::numeric_limits<int64_t>::max() / 2;

  int64_t send_one(size_t source, size_t sink) {
    std::vector<int64_t> distance(edges_of_.size(), kUnreached);
    std::vector<size_t> reached_by(edges_of_.size(), 0);
    distance[source] = 0;
    for (bool has_changed = true; has_changed;) {
      has_changed = false;
      for (size_t i = 0; i < edges_.size(); ++i) {
        const Edge& edge = edges_[i];
        if (edge.capacity == 0 || distance[edge.from] == kUnreached) continue;
        if (distance[edge.from] + edge.cost >= distance[edge.to]) continue;
        distance[edge.to] = distance[edge.from] + edge.cost;
        reached_by[edge.to] = i;
        has_changed = true;
      }
    }
    DISTKV_CHECK(distance[sink] != kUnreached);
    for (size_t vertex = sink; vertex != source; vertex = edges_[reached_by[vertex]].from) {
      --edges_[reached_by[vertex]].capacity;
      ++edges_[reached_by[vertex] ^ 1].capacity;
    }
    return distance[sink];
  }

  std::vector<Edge> edges_;
  std::vector<std::vector<size_t>> edges_of_;
};

std::vector<size_t> racks_of(const Layout& layout) {
  std::map<std::string, size_t> numbers;
  std::vector<size_t> racks;
  for (const LayoutNode& node : layout.nodes) {
    const std::string name =
        node.rack.empty() ? "node " + node.id.value() : "rack " + node.zone + " " + node.rack;
    racks.push_back(numbers.try_emplace(name, numbers.size()).first->second);
  }
  return racks;
}

}  // namespace

uint32_t least_movement(const Layout& before, const Layout& after) {
  // Earned by each place that a rack must have in a row, so that those are filled before all else.
  constexpr int64_t kDueReward = 1000;
  const size_t partitions = after.partition_count;
  const std::vector<size_t> racks = racks_of(after);
  const size_t rack_count = *std::max_element(racks.begin(), racks.end()) + 1;
  std::vector<int64_t> counts(after.nodes.size(), 0);
  std::vector<int64_t> totals(rack_count, 0);
  for (const NodeIndex node : after.replicas) {
    ++counts[node];
    ++totals[racks[node]];
  }
  const size_t source = 0;
  const size_t sink = 1;
  const auto row_vertex = [&](size_t partition) { return 2 + partition; };
  const auto rack_vertex = [&](size_t partition, size_t rack) {
    return 2 + partitions + partition * rack_count + rack;
  };
  const auto node_vertex = [&](size_t node) { return 2 + partitions * (1 + rack_count) + node; };
  Flow flow(node_vertex(after.nodes.size()));
  int64_t rewards = 0;
  const auto row_size = static_cast<int64_t>(after.replicas_per_partition());
  for (uint32_t partition = 0; partition < partitions; ++partition) {
    flow.add_edge(source, row_vertex(partition), row_size, 0);
    for (size_t rack = 0; rack < rack_count; ++rack) {
      const auto rows = static_cast<int64_t>(partitions);
      const int64_t due = totals[rack] / rows;
      rewards += due * kDueReward;
      flow.add_edge(row_vertex(partition), rack_vertex(partition, rack), due, -kDueReward);
      const int64_t spare = totals[rack] % rows == 0 ? 0 : 1;
      flow.add_edge(row_vertex(partition), rack_vertex(partition, rack), spare, 0);
    }
    for (size_t node = 0; node < after.nodes.size(); ++node) {
      const bool is_held = before.is_replica(base::PartitionId{partition}, after.nodes[node].id);
      flow.add_edge(rack_vertex(partition, racks[node]), node_vertex(node), 1, is_held ? 0 : 1);
    }
  }
  for (size_t node = 0; node < after.nodes.size(); ++node) {
    flow.add_edge(node_vertex(node), sink, counts[node], 0);
  }
  const int64_t cost = flow.cost_of(source, sink, after.replicas.size());
  return static_cast<uint32_t>(cost + rewards);
}

}  // namespace distkv::ring
