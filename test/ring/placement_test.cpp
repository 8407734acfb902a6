#include "ring/placement.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "layout_samples.h"
#include "least_movement.h"
#include "random_cluster.h"

namespace distkv::ring {
namespace {

TEST_SUITE_BEGIN("placement");

using base::NodeId;
using base::PartitionId;

// Far above the error of a few hundred floating-point additions, far below one replica.
constexpr double kRounding = 1e-6;

std::vector<uint32_t> counts_of(const Layout& layout) {
  std::vector<uint32_t> counts(layout.nodes.size(), 0);
  for (const NodeIndex node : layout.replicas) ++counts[node];
  return counts;
}

// By the definition alone: share by weight; whoever gets more than Q gets Q; the others share the
// rest by weight; until no one gets more than Q.
std::vector<double> fair_shares_of(const Layout& layout) {
  const double most = layout.partition_count;
  std::vector<double> shares(layout.nodes.size(), -1);
  for (bool has_capped = true; has_capped;) {
    has_capped = false;
    double places = most * layout.replicas_per_partition();
    double weights = 0;
    for (size_t i = 0; i < shares.size(); ++i) {
      if (shares[i] == most) {
        places -= most;
      } else {
        weights += layout.nodes[i].weight;
      }
    }
    for (size_t i = 0; i < shares.size(); ++i) {
      if (shares[i] == most) continue;
      shares[i] = places * layout.nodes[i].weight / weights;
      if (shares[i] > most + kRounding) {
        shares[i] = most;
        has_capped = true;
      }
    }
  }
  return shares;
}

std::string rack_name(const LayoutNode& node) {
  return node.rack.empty() ? "alone " + node.id.value() : "in " + node.zone + "/" + node.rack;
}

std::map<std::string, double> rack_shares_of(const Layout& layout) {
  const std::vector<double> shares = fair_shares_of(layout);
  std::map<std::string, double> racks;
  for (size_t i = 0; i < shares.size(); ++i) racks[rack_name(layout.nodes[i])] += shares[i];
  return racks;
}

void check_balance(const Layout& layout) {
  const std::vector<double> shares = fair_shares_of(layout);
  const std::vector<uint32_t> counts = counts_of(layout);
  for (size_t i = 0; i < shares.size(); ++i) {
    CAPTURE(shares[i]);
    CAPTURE(counts[i]);
    REQUIRE(std::abs(counts[i] - shares[i]) < 1 - kRounding / 2);
  }
}

// Each rack has its fair share over Q in each row, rounded down or up: where its nodes deserve at
// most Q, no two of them share a row; where they deserve at least Q, no row is without one.
void check_racks(const Layout& layout) {
  std::vector<std::string> names;
  for (const LayoutNode& node : layout.nodes) names.push_back(rack_name(node));
  std::map<std::string, size_t> numbers;
  std::vector<double> shares;
  for (const auto& [name, share] : rack_shares_of(layout)) {
    numbers[name] = shares.size();
    shares.push_back(share / layout.partition_count);
  }
  std::vector<size_t> rack_of;
  for (const std::string& name : names) rack_of.push_back(numbers[name]);
  for (uint32_t partition = 0; partition < layout.partition_count; ++partition) {
    std::vector<uint32_t> in_row(shares.size(), 0);
    for (const NodeIndex node : layout.replicas_of(PartitionId{partition})) {
      ++in_row[rack_of[node]];
    }
    for (size_t rack = 0; rack < shares.size(); ++rack) {
      REQUIRE(in_row[rack] >= std::floor(shares[rack] + kRounding));
      REQUIRE(in_row[rack] <= std::ceil(shares[rack] - kRounding));
    }
  }
}

void check_first_places(const Layout& layout) {
  const std::vector<uint32_t> counts = counts_of(layout);
  std::vector<uint32_t> firsts(layout.nodes.size(), 0);
  for (uint32_t partition = 0; partition < layout.partition_count; ++partition) {
    ++firsts[layout.replicas_of(PartitionId{partition}).front()];
  }
  const uint32_t row_size = layout.replicas_per_partition();
  for (size_t i = 0; i < counts.size(); ++i) {
    REQUIRE(firsts[i] >= counts[i] / row_size);
    REQUIRE(firsts[i] <= (counts[i] + row_size - 1) / row_size);
  }
}

void check_everything(const Layout& layout) {
  REQUIRE(check_layout(layout).is_ok());  // A node at most once in a row, among others.
  check_balance(layout);
  check_racks(layout);
  check_first_places(layout);
}

uint64_t movement(const Layout& before, const Layout& after) {
  uint64_t moved = 0;
  for (const Move& move : plan_moves(before, after)) moved += move.targets.size();
  return moved;
}

// What must move even if rows and racks did not matter: what each node lacks to its new count.
uint64_t shortfall(const Layout& before, const Layout& after) {
  const std::vector<uint32_t> held = counts_of(before);
  const std::vector<uint32_t> counts = counts_of(after);
  uint64_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto index = before.index_of(after.nodes[i].id);
    const uint32_t had = index ? held[*index] : 0;
    if (counts[i] > had) total += counts[i] - had;
  }
  return total;
}

// The least shortfall over all ways to round the fair shares, of nodes and of racks in sum. A share
// rounded up costs nothing where the node holds that many already.
double least_shortfall(const Layout& before, const Layout& after) {
  struct Rack {
    double remainders = 0;
    double free = 0;
  };
  const std::vector<uint32_t> held = counts_of(before);
  const std::vector<double> shares = fair_shares_of(after);
  std::map<std::string, Rack> racks;
  double least = 0;
  double extras = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    const auto index = before.index_of(after.nodes[i].id);
    const double had = index ? held[*index] : 0;
    const double floor = std::floor(shares[i] + kRounding);
    const double remainder = std::max(shares[i] - floor, 0.0);
    Rack& rack = racks[rack_name(after.nodes[i])];
    rack.remainders += remainder;
    if (remainder > kRounding && had > floor) ++rack.free;
    least += std::max(floor - had, 0.0);
    extras += remainder;
  }
  double free_racks = 0;
  for (const auto& [name, rack] : racks) {
    const double due = std::floor(rack.remainders + kRounding);
    least += std::max(due - rack.free, 0.0);
    extras -= due;
    if (rack.remainders - due > kRounding && rack.free > due) ++free_racks;
  }
  return least + std::max(std::round(extras) - free_racks, 0.0);
}

Layout must(const base::Result<Layout>& result) {
  REQUIRE_MESSAGE(result.is_ok(), result.status().to_string());
  return *result;
}

std::vector<LayoutNode> equal_nodes(size_t count) {
  std::vector<LayoutNode> nodes;
  for (size_t i = 0; i < count; ++i) {
    nodes.push_back({NodeId{"node" + std::to_string(1000 + i)}, 150, "", ""});
  }
  return nodes;
}

Layout formed(uint32_t partition_count, uint32_t replica_count, std::vector<LayoutNode> nodes) {
  const base::ClusterId cluster{{1, 2}};
  const Layout founded = must(found_layout({cluster, partition_count, replica_count, nodes[0]}));
  return must(next_layout(founded, std::move(nodes)));
}

// No rack, and no node outside racks, deserves more than half of the partitions: what a node leaves
// behind then finds a taker that does not hold it yet.
bool is_roomy(const Layout& layout) {
  const auto racks = rack_shares_of(layout);
  return std::all_of(racks.begin(), racks.end(),
                     [&](const auto& rack) { return rack.second <= layout.partition_count / 2.0; });
}

bool is_change_of_members(RandomCluster::Change change) {
  return change != RandomCluster::Change::kReweigh && change != RandomCluster::Change::kRerack;
}

TEST_CASE("random clusters are balanced, diverse, and change with little movement") {
  uint64_t moved_in_all = 0;
  uint64_t shortfall_in_all = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    RandomCluster cluster(seed, {});
    Layout layout = cluster.founded();
    std::vector<LayoutNode> nodes = cluster.formed(layout.nodes);
    layout = must(next_layout(layout, nodes));
    check_everything(layout);
    for (int step = 0; step < 4; ++step) {
      CAPTURE(step);
      const RandomCluster::Change change = cluster.random_change();
      nodes = cluster.changed(nodes, change);

      const Layout next = must(next_layout(layout, nodes));

      check_everything(next);
      const uint64_t moved = movement(layout, next);
      const uint64_t least = shortfall(layout, next);
      CAPTURE(moved);
      CAPTURE(least);
      if (is_change_of_members(change)) {
        moved_in_all += moved;
        shortfall_in_all += least;
        // In a table of a few rows, one replica is more than a tenth.
        const bool is_close = moved * 10 <= least * 11 || moved <= least + 1;
        if (is_roomy(layout) && is_roomy(next)) REQUIRE(is_close);
      }
      layout = next;
    }
  }
  CHECK(moved_in_all * 10 <= shortfall_in_all * 11);
}

TEST_CASE("no table with the same counts and as diverse moves less") {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    RandomCluster cluster(seed, {.nodes_max = 12, .partition_bits_max = 5});
    Layout layout = cluster.founded();
    std::vector<LayoutNode> nodes = cluster.formed(layout.nodes);
    layout = must(next_layout(layout, nodes));
    for (int step = 0; step < 3; ++step) {
      CAPTURE(step);
      nodes = cluster.changed(nodes, cluster.random_change());
      const Layout next = must(next_layout(layout, nodes));
      REQUIRE(movement(layout, next) == least_movement(layout, next));
      layout = next;
    }
  }
}

TEST_CASE("shares are rounded the way that moves least") {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    RandomCluster cluster(seed, {.nodes_max = 60, .partition_bits_max = 8});
    Layout layout = cluster.founded();
    std::vector<LayoutNode> nodes = cluster.formed(layout.nodes);
    layout = must(next_layout(layout, nodes));
    for (int step = 0; step < 4; ++step) {
      CAPTURE(step);
      nodes = cluster.changed(nodes, cluster.random_change());
      const Layout next = must(next_layout(layout, nodes));
      REQUIRE(static_cast<double>(shortfall(layout, next)) == least_shortfall(layout, next));
      layout = next;
    }
  }
}

TEST_CASE("joins and leaves among equal nodes move exactly what they must") {
  for (const uint32_t partition_count : {64u, 1024u}) {
    for (size_t size = 6; size <= 40; size += 17) {
      const Layout layout = formed(partition_count, 3, equal_nodes(size));
      for (const size_t next_size : {size - 1, size + 1, size + 5}) {
        const Layout next = must(next_layout(layout, equal_nodes(next_size)));
        CAPTURE(size);
        CAPTURE(next_size);
        CHECK(movement(layout, next) == shortfall(layout, next));
        CHECK(movement(layout, next) <=
              3 * partition_count * (std::max(size, next_size) - std::min(size, next_size)) /
                      std::min(size, next_size) +
                  size);
      }
    }
  }
}

TEST_CASE("the same nodes keep every replica in its place, whatever order they are named in") {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    RandomCluster cluster(seed, {.nodes_max = 60, .partition_bits_max = 10});
    const Layout founded = cluster.founded();
    std::vector<LayoutNode> nodes = cluster.formed(founded.nodes);
    const Layout layout = must(next_layout(founded, nodes));
    for (size_t i = nodes.size() - 1; i > 0; --i)
      std::swap(nodes[i], nodes[cluster.rng().below(i + 1)]);

    CHECK(must(next_layout(founded, nodes)) == layout);
    const Layout again = must(next_layout(layout, nodes));
    CHECK(again.replicas == layout.replicas);
    CHECK(again.version.value() == layout.version.value() + 1);
    CHECK(again.predecessor_hash == hash_of(layout));
    CHECK(plan_moves(layout, again).empty());
  }
}

TEST_CASE("one partition among two hundred nodes stays where it is when others come and go") {
  const Layout layout = formed(1, 3, equal_nodes(200));
  check_everything(layout);
  std::vector<LayoutNode> nodes;
  std::optional<NodeId> absent;
  for (const LayoutNode& node : layout.nodes) {
    if (!absent && !layout.is_replica(PartitionId{0}, node.id)) {
      absent = node.id;
    } else {
      nodes.push_back(node);
    }
  }
  CHECK(plan_moves(layout, must(next_layout(layout, nodes))).empty());
}

TEST_CASE("while there are fewer nodes than N, every node holds everything") {
  Layout layout = formed(16, 3, equal_nodes(1));
  for (const size_t size : {2, 3, 2, 1}) {
    CAPTURE(size);
    layout = must(next_layout(layout, equal_nodes(size)));
    CHECK(layout.replicas_per_partition() == size);
    check_everything(layout);
    for (const uint32_t count : counts_of(layout)) CHECK(count == 16);
  }
}

TEST_CASE("a node heavier than the ring holds each partition once and the others share the rest") {
  std::vector<LayoutNode> nodes = equal_nodes(5);
  nodes[2].weight = kWeightMax;

  const Layout layout = formed(64, 3, nodes);

  CHECK(counts_of(layout) == std::vector<uint32_t>{32, 32, 64, 32, 32});
}

TEST_CASE("racks are told apart within their zone, and a node without a rack stands alone") {
  std::vector<LayoutNode> nodes = equal_nodes(6);
  for (size_t i = 0; i < 4; ++i) {
    nodes[i].rack = "r1";
    nodes[i].zone = i < 2 ? "z1" : "z2";
  }

  const Layout layout = formed(64, 3, nodes);

  for (uint32_t partition = 0; partition < 64; ++partition) {
    std::set<std::string> racks;
    for (const NodeIndex node : layout.replicas_of(PartitionId{partition})) {
      racks.insert(rack_name(layout.node(node)));
    }
    CHECK(racks.size() == 3);
  }
}

TEST_CASE("the newcomer is named as target, with everyone who held the partition as source") {
  const Layout before = sample_layout();
  Layout after = before;
  after.nodes = {before.nodes[0], before.nodes[1], before.nodes[3], {NodeId{"e"}, 150, "", ""}};
  after.voters = {NodeId{"a"}};
  after.replicas = {1, 0, 2, 1, 3, 2, 3, 2, 0, 2, 0, 1};  // Rows: bad, bed, eda, dab.
  REQUIRE(check_layout(after).is_ok());

  const std::vector<Move> moves = plan_moves(before, after);

  REQUIRE(moves.size() == 2);
  CHECK(moves[0].partition == PartitionId{1});
  CHECK(moves[0].sources == std::vector<NodeId>{NodeId{"b"}, NodeId{"c"}, NodeId{"d"}});
  CHECK(moves[0].targets == std::vector<NodeId>{NodeId{"e"}});
  CHECK(moves[0].leavers == std::vector<NodeId>{NodeId{"c"}});
  CHECK(moves[1].partition == PartitionId{2});
  CHECK(moves[1].sources == std::vector<NodeId>{NodeId{"c"}, NodeId{"d"}, NodeId{"a"}});
  CHECK(moves[1].targets == std::vector<NodeId>{NodeId{"e"}});
  CHECK(moves[1].leavers == std::vector<NodeId>{NodeId{"c"}});
}

TEST_CASE("voters stay while they are nodes, and a layout is never without one") {
  const Layout layout = formed(4, 3, equal_nodes(4));
  CHECK(layout.voters == std::vector<NodeId>{NodeId{"node1000"}});

  std::vector<LayoutNode> nodes = equal_nodes(4);
  nodes.erase(nodes.begin());

  CHECK(must(next_layout(layout, nodes)).voters == std::vector<NodeId>{NodeId{"node1001"}});
}

TEST_CASE("wrong nodes and impossible clusters are refused") {
  const auto code_of = [](const Founding& founding) { return found_layout(founding).code(); };
  const base::ClusterId cluster{{1, 2}};
  const LayoutNode node{NodeId{"a"}, 150, "", ""};
  CHECK(code_of({cluster, 1000, 3, node}) == base::Code::kInvalidArgument);
  CHECK(code_of({cluster, 1u << 31, 3, node}) == base::Code::kInvalidArgument);
  CHECK(code_of({cluster, 1024, 0, node}) == base::Code::kInvalidArgument);
  CHECK(code_of({base::ClusterId{}, 1024, 3, node}) == base::Code::kInvalidArgument);

  const Layout layout = formed(4, 3, equal_nodes(2));
  CHECK(next_layout(layout, {}).code() == base::Code::kInvalidArgument);
  CHECK(next_layout(layout, {node, node}).status().message() == "node a is listed twice");
  CHECK(next_layout(layout, equal_nodes(kNodesMax + 1)).code() == base::Code::kInvalidArgument);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::ring
