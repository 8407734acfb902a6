#include "coordinator/tally.h"

#include <doctest/doctest.h>

#include "ring/placement.h"

namespace distkv::coordinator {
namespace {

using base::NodeId;
using wire::Consistency;
using State = Tally::State;

ring::LayoutNode node(const std::string& id) { return {NodeId{id}, 150, "", ""}; }

std::shared_ptr<const ring::Layout> first_layout(uint32_t replica_count = 3) {
  return std::make_shared<const ring::Layout>(
      *ring::found_layout({base::ClusterId{{1, 1}}, 1, replica_count, node("a")}));
}

std::shared_ptr<const ring::Layout> layout_after(const ring::Layout& before,
                                                 const std::vector<std::string>& ids) {
  std::vector<ring::LayoutNode> nodes;
  for (const std::string& id : ids) nodes.push_back(node(id));
  return std::make_shared<const ring::Layout>(*ring::next_layout(before, nodes));
}

// Three replicas, one live layout.
Plan settled_plan() {
  return make_plan({layout_after(*first_layout(), {"a", "b", "c"}), nullptr}, base::Token{0});
}

TEST_SUITE_BEGIN("tally");

TEST_CASE("how many answers each consistency needs") {
  struct Row {
    Consistency consistency;
    uint32_t quorum, replicas, wanted;
  };
  for (const Row& row : {Row{Consistency::kOne, 2, 3, 1}, Row{Consistency::kQuorum, 2, 3, 2},
                         Row{Consistency::kAll, 2, 3, 3}, Row{Consistency::kQuorum, 2, 1, 1},
                         Row{Consistency::kAll, 2, 1, 1}, Row{Consistency::kQuorum, 3, 5, 3}}) {
    CAPTURE(row.replicas);
    CHECK(needed(row.consistency, row.quorum, row.replicas) == row.wanted);
  }
}

TEST_CASE("a quorum of three is reached by two and impossible after two failures") {
  const Plan plan = settled_plan();
  Tally tally(plan, Consistency::kQuorum, 2);
  CHECK(tally.state() == State::kWaiting);
  tally.succeed(0);
  CHECK(tally.state() == State::kWaiting);
  tally.fail(1);
  CHECK(tally.state() == State::kWaiting);
  tally.succeed(2);
  CHECK(tally.state() == State::kReached);

  Tally lost(plan, Consistency::kQuorum, 2);
  lost.fail(0);
  lost.fail(1);
  CHECK(lost.state() == State::kImpossible);
}

TEST_CASE("a tally is complete when every target has answered, whatever it said") {
  Tally tally(settled_plan(), Consistency::kAll, 2);
  tally.fail(0);
  CHECK(tally.state() == State::kImpossible);
  tally.succeed(1);
  CHECK_FALSE(tally.is_complete());
  tally.succeed(2);
  CHECK(tally.is_complete());
}

TEST_CASE("a replica counts once, with its first answer") {
  const Plan plan = settled_plan();
  Tally tally(plan, Consistency::kQuorum, 2);
  tally.succeed(1);
  tally.succeed(1);
  CHECK(tally.state() == State::kWaiting);
  CHECK(tally.successes() == 1);
  tally.fail(1);
  CHECK(tally.has_succeeded(1));
}

TEST_CASE("while partitions move, the quorum is needed in both layouts") {
  const auto one = first_layout();
  const auto three = layout_after(*one, {"a", "b", "c"});
  const Plan plan = make_plan({three, one}, base::Token{0});
  REQUIRE(plan.targets.size() == 3);
  REQUIRE(plan.row_count == 2);
  const size_t old_owner = *plan.find(NodeId{"a"});

  Tally tally(plan, Consistency::kQuorum, 2);
  for (size_t i = 0; i < 3; ++i) {
    if (i != old_owner) tally.succeed(i);
  }
  CHECK(tally.state() == State::kWaiting);
  tally.succeed(old_owner);
  CHECK(tally.state() == State::kReached);

  Tally lost(plan, Consistency::kQuorum, 2);
  lost.fail(old_owner);
  CHECK(lost.state() == State::kImpossible);
}

TEST_CASE("a description names the row that is worst off") {
  const Plan plan = settled_plan();
  Tally tally(plan, Consistency::kAll, 2);
  tally.succeed(0);
  CHECK(tally.describe("up") == "3 of 3 replicas needed, 1 up");
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::coordinator
