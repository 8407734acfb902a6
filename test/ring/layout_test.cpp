#include "ring/layout.h"

#include <doctest/doctest.h>

#include <functional>
#include <limits>

#include "layout_samples.h"

namespace distkv::ring {
namespace {

TEST_SUITE_BEGIN("layout");

using base::NodeId;
using base::PartitionId;
using base::Token;

TEST_CASE("partitions cover every token once, in order, for every partition count") {
  Layout layout;
  for (uint32_t count = kPartitionsMin; count <= kPartitionsMax; count *= 2) {
    CAPTURE(count);
    layout.partition_count = count;
    CHECK(layout.first_token(PartitionId{0}).value() == 0);
    CHECK(layout.last_token(PartitionId{count - 1}).value() ==
          std::numeric_limits<uint64_t>::max());
    for (uint32_t i = 0; i < count; ++i) {
      const PartitionId partition{i};
      REQUIRE(layout.partition_of(layout.first_token(partition)) == partition);
      REQUIRE(layout.partition_of(layout.last_token(partition)) == partition);
      if (i == 0) continue;
      REQUIRE(layout.first_token(partition).value() ==
              layout.last_token(PartitionId{i - 1}).value() + 1);
    }
  }
}

TEST_CASE("a row has N replicas, or as many as there are nodes") {
  Layout layout = sample_layout();
  CHECK(layout.replicas_per_partition() == 3);
  layout.nodes.resize(2);
  CHECK(layout.replicas_per_partition() == 2);
}

TEST_CASE("a partition's replicas are found by partition and by node") {
  const Layout layout = sample_layout();
  const auto row = layout.replicas_of(PartitionId{1});
  CHECK(std::vector<NodeIndex>(row.begin(), row.end()) == std::vector<NodeIndex>{1, 2, 3});
  CHECK(layout.index_of(NodeId{"c"}) == NodeIndex{2});
  CHECK(!layout.index_of(NodeId{"bb"}));
  CHECK(!layout.index_of(NodeId{"z"}));
  CHECK(layout.is_replica(PartitionId{1}, NodeId{"b"}));
  CHECK(!layout.is_replica(PartitionId{1}, NodeId{"a"}));
  CHECK(!layout.is_replica(PartitionId{1}, NodeId{"stranger"}));
}

TEST_CASE("each rule of a layout is judged by itself") {
  struct Row {
    const char* sentence;
    std::function<void(Layout&)> break_it;
  };
  const Row rows[] = {
      {"version 0", [](Layout& l) { l.version = {}; }},
      {"predecessor", [](Layout& l) { l.predecessor_hash = {}; }},
      {"predecessor", [](Layout& l) { l.version = base::LayoutVersion{1}; }},
      {"cluster", [](Layout& l) { l.cluster_id = {}; }},
      {"power of two", [](Layout& l) { l.partition_count = 3; }},
      {"power of two", [](Layout& l) { l.partition_count = 0; }},
      {"power of two", [](Layout& l) { l.partition_count = 2 * kPartitionsMax; }},
      {"replica count", [](Layout& l) { l.replica_count = 0; }},
      {"replica count", [](Layout& l) { l.replica_count = 8; }},
      {"1 to 1000 nodes", [](Layout& l) { l.nodes.clear(); }},
      {"node id", [](Layout& l) { l.nodes[0].id = NodeId{""}; }},
      {"node id", [](Layout& l) { l.nodes[0].id = NodeId{"a b"}; }},
      {"node id", [](Layout& l) { l.nodes[0].id = NodeId{std::string(65, 'a')}; }},
      {"weight", [](Layout& l) { l.nodes[1].weight = 0; }},
      {"weight", [](Layout& l) { l.nodes[1].weight = kWeightMax + 1; }},
      {"rack and zone", [](Layout& l) { l.nodes[1].rack = "a\n"; }},
      {"rack and zone", [](Layout& l) { l.nodes[1].zone = std::string(65, 'z'); }},
      {"twice", [](Layout& l) { l.nodes[1].id = l.nodes[0].id; }},
      {"out of order", [](Layout& l) { std::swap(l.nodes[1].id, l.nodes[2].id); }},
      {"1 to 5 voters", [](Layout& l) { l.voters.clear(); }},
      {"not among the nodes", [](Layout& l) { l.voters[0] = NodeId{"0"}; }},
      {"ascending", [](Layout& l) { std::swap(l.voters[0], l.voters[1]); }},
      {"ascending", [](Layout& l) { l.voters[1] = l.voters[0]; }},
      {"places", [](Layout& l) { l.replicas.pop_back(); }},
      {"unknown replica", [](Layout& l) { l.replicas[7] = 4; }},
      {"partition 2 has a replica twice", [](Layout& l) { l.replicas[7] = l.replicas[6]; }},
  };
  REQUIRE(check_layout(sample_layout()).is_ok());
  for (const Row& row : rows) {
    Layout layout = sample_layout();
    row.break_it(layout);

    const base::Status status = check_layout(layout);

    CAPTURE(row.sentence);
    CAPTURE(status.message());
    CHECK(status.code() == base::Code::kInvalidArgument);
    CHECK(status.message().find(row.sentence) != std::string::npos);
    CHECK(decode_layout(encode_layout(layout)).code() == base::Code::kCorrupt);
  }
}

TEST_CASE("a node adopts a higher version, and the settled one of two equal versions") {
  const auto first = std::make_shared<const Layout>(sample_layout());
  Layout next = sample_layout();
  next.version = base::LayoutVersion{3};
  const auto second = std::make_shared<const Layout>(next);
  const LiveLayouts none;
  const LiveLayouts old{first, nullptr};
  const LiveLayouts moving{second, first};
  const LiveLayouts settled{second, nullptr};

  CHECK(old.is_newer_than(none));
  CHECK(moving.is_newer_than(old));
  CHECK(settled.is_newer_than(moving));
  CHECK(!moving.is_newer_than(settled));
  CHECK(!old.is_newer_than(moving));
  CHECK(!settled.is_newer_than(settled));
  CHECK(!moving.is_newer_than(moving));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::ring
