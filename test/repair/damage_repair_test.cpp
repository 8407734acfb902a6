#include "repair/damage_repair.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "ring/token.h"

namespace distkv::repair {
namespace {

using base::NodeId;
using base::Token;
using storage::Range;
using storage::Space;

// Four partitions of four nodes, N = 3; partition i is kept by all but node i.
ring::Layout layout_of(uint64_t version) {
  ring::Layout layout;
  layout.version = base::LayoutVersion{version};
  layout.partition_count = 4;
  layout.replica_count = 3;
  for (const char* id : {"a", "b", "c", "d"}) layout.nodes.push_back({NodeId{id}, 150, "", ""});
  layout.replicas = {1, 2, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2};
  return layout;
}

ring::LiveLayouts settled() {
  return {std::make_shared<const ring::Layout>(layout_of(1)), nullptr};
}

Range range_of(uint64_t first, uint64_t last) { return {Space::kData, Token{first}, Token{last}}; }

constexpr uint64_t kQuarter = uint64_t{1} << 62;  // Tokens of a partition.

std::string text_of(const std::vector<DamagedStretch>& stretches) {
  std::string text;
  for (const DamagedStretch& stretch : stretches) {
    text += std::to_string(stretch.first.value() / kQuarter) + "+" +
            std::to_string(stretch.first.value() % kQuarter);
    for (const auto& row : stretch.rows) {
      text += " " + std::to_string(row.needed) + " of ";
      for (const NodeId& node : row.replicas) text += node.value();
    }
    text += "; ";
  }
  return text;
}

TEST_SUITE_BEGIN("damage repair");

TEST_CASE("a range is cut by partitions, and only what this node holds is asked for") {
  const auto whole = range_of(5, UINT64_MAX);

  CHECK(text_of(plan_repair({whole}, settled(), NodeId{"b"}, 2)) ==
        "0+5 2 of cd; 2+0 2 of ad; 3+0 2 of ac; ");
  CHECK(text_of(plan_repair({whole}, settled(), NodeId{"stranger"}, 2)).empty());
}

TEST_CASE("ranges that overlap are asked for once, ascending") {
  const auto stretches = plan_repair({range_of(50, 90), range_of(10, 60), range_of(91, 99)},
                                     settled(), NodeId{"b"}, 2);

  REQUIRE(stretches.size() == 2);
  CHECK(stretches[0].first == Token{10});
  CHECK(stretches[0].last == Token{90});
  CHECK(stretches[1].first == Token{91});
}

TEST_CASE("so many others are needed that each acknowledged write is known to one of them") {
  const auto needed = [](uint32_t write_quorum) {
    return plan_repair({range_of(1, 1)}, settled(), NodeId{"b"}, write_quorum)[0].rows[0].needed;
  };
  CHECK(needed(3) == 1);
  CHECK(needed(2) == 2);
  CHECK(needed(1) == 2);  // All there are.
  CHECK(needed(7) == 1);  // Writes need all of three.
}

TEST_CASE("while partitions move, the replicas of both layouts are needed") {
  ring::Layout next = layout_of(2);
  next.replicas = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2};
  const ring::LiveLayouts moving{std::make_shared<const ring::Layout>(next),
                                 std::make_shared<const ring::Layout>(layout_of(1))};

  CHECK(text_of(plan_repair({range_of(1, 1)}, moving, NodeId{"b"}, 2)) == "0+1 2 of ac 2 of cd; ");
  // New here: of those that held it before, so many that they alone know every write.
  CHECK(text_of(plan_repair({range_of(1, 1)}, moving, NodeId{"a"}, 2)) == "0+1 2 of bc 2 of bcd; ");
}

TEST_CASE("the only replica has nobody to ask") {
  ring::Layout alone = layout_of(1);
  alone.replica_count = 1;
  alone.nodes = {{NodeId{"a"}, 150, "", ""}};
  alone.replicas = {0, 0, 0, 0};
  const ring::LiveLayouts layouts{std::make_shared<const ring::Layout>(alone), nullptr};

  const auto stretches = plan_repair({range_of(1, 1)}, layouts, NodeId{"a"}, 2);

  REQUIRE(stretches.size() == 1);
  CHECK_FALSE(stretches[0].is_repairable());
}

// A record with one version of this value.
replica::RecordBytes record_of(uint64_t counter, const std::string& value) {
  causality::Put put;
  put.op_id = base::OpId{{1, counter}};
  put.value = value;
  const auto outcome = causality::put({}, put, {base::ActorId{counter}, base::Counter{counter}});
  REQUIRE(outcome.is_ok());
  return replica::encode(outcome->record);
}

// Keys in the order of their tokens.
std::vector<std::string> ordered_keys(size_t count) {
  std::vector<std::string> keys;
  for (size_t i = 0; i < count; ++i) keys.push_back("key-" + std::to_string(i));
  std::sort(keys.begin(), keys.end(),
            [](const auto& a, const auto& b) { return ring::token_of(a) < ring::token_of(b); });
  return keys;
}

TEST_CASE("pages are merged as far as every replica has looked, and no further") {
  const auto keys = ordered_keys(4);
  const auto one = record_of(1, "one");
  const auto two = record_of(2, "two");

  const auto merged = merge_pages({{NodeId{"a"}, {{{keys[0], one}, {keys[1], one}}, keys[1]}},
                                   {NodeId{"b"}, {{{keys[1], two}, {keys[2], two}}, keys[2]}},
                                   {NodeId{"c"}, {{{keys[3], two}}, ""}}});

  REQUIRE(merged.is_ok());
  CHECK(merged->end == Place{ring::token_of(keys[1]), keys[1]});
  REQUIRE(merged->records.size() == 2);
  const auto both = replica::decode(merged->records.rbegin()->second.view());
  REQUIRE(both.is_ok());
  CHECK(both->versions.size() == 2);
}

TEST_CASE("pages that all look to the end leave nothing to ask for") {
  const auto merged =
      merge_pages({{NodeId{"a"}, {{{"k", record_of(1, "v")}}, ""}}, {NodeId{"b"}, {{}, ""}}});
  REQUIRE(merged.is_ok());
  CHECK_FALSE(merged->end.has_value());
  CHECK(merged->records.size() == 1);
}

TEST_CASE("a record that cannot be read spoils the page rather than its neighbours") {
  const auto merged = merge_pages({{NodeId{"a"}, {{{"k", record_of(1, "v")}}, ""}},
                                   {NodeId{"b"}, {{{"k", {"nonsense", ""}}}, ""}}});
  CHECK(merged.code() == base::Code::kCorrupt);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::repair
