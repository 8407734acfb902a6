#include "ring/virtual_nodes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "ring/placement.h"

namespace distkv::ring {
namespace {

TEST_SUITE_BEGIN("virtual nodes");

using base::NodeId;
using base::PartitionId;

std::vector<LayoutNode> equal_nodes(size_t count) {
  std::vector<LayoutNode> nodes;
  for (size_t i = 0; i < count; ++i) {
    nodes.push_back({NodeId{"node" + std::to_string(1000 + i)}, 150, "", ""});
  }
  return nodes;
}

// The first `count` different nodes that a partition of `layout` meets on its walk.
std::set<NodeIndex> first_met(const Layout& layout, uint32_t partition, size_t count) {
  const VirtualNodes ring(layout.nodes);
  const size_t start = ring.seek(layout.first_token(PartitionId{partition}));
  std::set<NodeIndex> met;
  for (size_t step = 0; met.size() < count; ++step) met.insert(ring.at(start, step));
  return met;
}

TEST_CASE("a node is met as often as its weight says") {
  std::vector<LayoutNode> nodes = equal_nodes(3);
  nodes[1].weight = 300;
  const VirtualNodes ring(nodes);
  std::vector<uint32_t> met(3, 0);
  for (size_t step = 0; step < 600; ++step) ++met[ring.at(0, step)];
  CHECK(met == std::vector<uint32_t>{150, 300, 150});
}

TEST_CASE("a walk goes round past the last place") {
  const VirtualNodes ring(equal_nodes(1));
  CHECK(ring.at(ring.seek(base::Token{~uint64_t{0}}), 0) == 0);
}

TEST_CASE("a forming cluster gives partitions to the nodes they meet first") {
  const std::vector<LayoutNode> nodes = equal_nodes(20);
  const auto founded = found_layout({base::ClusterId{{1, 2}}, 1024, 3, nodes[0]});
  const auto layout = next_layout(*founded, nodes);
  REQUIRE(layout.is_ok());
  uint32_t preferred = 0;
  for (uint32_t partition = 0; partition < 1024; ++partition) {
    const std::set<NodeIndex> met = first_met(*layout, partition, 4);
    for (const NodeIndex node : layout->replicas_of(PartitionId{partition})) {
      preferred += static_cast<uint32_t>(met.count(node));
    }
  }
  CAPTURE(preferred);
  CHECK(preferred > 3 * 1024 / 2);  // By chance it would be 4 of 20, a fifth.
}

TEST_CASE("a newcomer takes the partitions that meet it first") {
  const std::vector<LayoutNode> nodes = equal_nodes(21);
  const auto founded = found_layout({base::ClusterId{{1, 2}}, 1024, 3, nodes[0]});
  const auto before = next_layout(*founded, {nodes.begin(), nodes.end() - 1});
  const auto after = next_layout(*before, nodes);
  REQUIRE(after.is_ok());
  const std::vector<Move> moves = plan_moves(*before, *after);
  const auto preferred = std::count_if(moves.begin(), moves.end(), [&](const Move& move) {
    return first_met(*after, move.partition.value(), 6).count(NodeIndex{20}) > 0;
  });
  CAPTURE(preferred);
  CHECK(preferred * 4 > static_cast<ptrdiff_t>(moves.size()) * 3);  // By chance: 6 of 21.
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::ring
