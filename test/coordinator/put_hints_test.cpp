// What a put does about the replicas that did not take it.
#include <doctest/doctest.h>

#include <optional>

#include "coordinator/coordinator.h"
#include "support/hint_bench.h"

namespace distkv::coordinator {
namespace {

using base::Code;
using base::NodeId;
using std::chrono::seconds;
using wire::MemberState;

// Self, a and b keep the key; W is 2.
struct Fixture : repair::HintBench {
  explicit Fixture(const replica::HintLimits& limits = {}) : HintBench(limits) {}

  void put(const std::string& key, wire::Consistency consistency = wire::Consistency::kQuorum) {
    PutCommand command;
    command.key = key;
    command.put.op_id = base::OpId{{1, ++operations}};
    command.put.value = "value";
    command.consistency = consistency;
    command.timeout = seconds(5);
    coordinator.put(std::move(command), [this](PutResult done) { result = std::move(done); });
  }
  std::vector<std::string> hinted() const {
    std::vector<std::string> names;
    for (const NodeId& node : result->hinted) names.push_back(node.value());
    return names;
  }
  replica::Hint hint_for(const std::string& target) {
    std::optional<replica::Hint> found;
    hints.list(NodeId{target}, std::nullopt, {1, 1}, [&](auto page) {
      REQUIRE(page.is_ok());
      REQUIRE(page->size() == 1);
      found = page->front();
    });
    return *found;
  }

  uint64_t operations = 0;
  std::optional<PutResult> result;
  Coordinator coordinator{Parts{layouts, local, replicas, hints, timers, clock,
                                [this](const NodeId& node) { stale.push_back(node.value()); }, log,
                                std::make_shared<base::ByteBudget>(1 << 20)},
                          Options{{2, 2}, seconds(1), seconds(2)}};
};

TEST_SUITE_BEGIN("hints of a put");

TEST_CASE("a dead replica gets a hint at once, made under the layout of the put") {
  Fixture here;
  here.set_layout(4, {"self", "a", "b"});
  here.set_state("b", MemberState::kLeft);
  here.put("k");
  here.answer("a");

  REQUIRE(here.result.has_value());
  CHECK(here.result->status.is_ok());
  CHECK(here.hinted() == std::vector<std::string>{"b"});
  CHECK(here.hint_for("b").header.layout == base::LayoutVersion{4});
  const auto record = replica::decode(here.hint_for("b").record.view());
  CHECK(record->versions.at(0).value == "value");
  CHECK(here.pending("a") == 0);
}

TEST_CASE("a receipt says where each replica keeps the write, and under which layouts") {
  Fixture here;
  here.set_layout(4, {"self", "a", "b"});
  here.persistence = base::Persistence::kPeriodic;
  here.put("k", wire::Consistency::kAll);
  here.answer("b");
  here.persistence = base::Persistence::kUnsaid;
  here.answer("a");

  REQUIRE(here.result.has_value());
  std::string told;
  for (const Acknowledgement& replica : here.result->acknowledged) {
    told += replica.node.value() + std::to_string(static_cast<int>(replica.persistence)) + " ";
  }
  // The bench's own engine keeps everything in memory.
  CHECK(told == "self3 a0 b2 ");
  CHECK(here.result->layout == base::LayoutVersion{4});
  CHECK(here.result->previous_layout == base::LayoutVersion{});
}

TEST_CASE("a receipt names both layouts while partitions move") {
  Fixture here;
  here.layouts.previous = here.layouts.current;
  here.set_layout(2, {"self", "a", "c"});
  here.put("k", wire::Consistency::kAll);
  for (const char* node : {"a", "b", "c"}) here.answer(node);

  REQUIRE(here.result.has_value());
  CHECK(here.result->acknowledged.size() == 4);
  CHECK(here.result->layout == base::LayoutVersion{2});
  CHECK(here.result->previous_layout == base::LayoutVersion{1});
}

TEST_CASE("a replica that fails after the answer gets a hint all the same") {
  for (const Code code : {Code::kOverloaded, Code::kNoSpace, Code::kCorrupt, Code::kStaleLayout}) {
    Fixture here;
    here.put("k");
    here.answer("a");
    REQUIRE(here.result.has_value());
    CHECK(here.coordinator.counts().in_flight == 1);

    here.answer("b", code);

    CHECK(here.pending("b") == 1);
    CHECK(here.coordinator.counts().in_flight == 0);
    CHECK(here.stale.size() == (code == Code::kStaleLayout ? 1 : 0));
  }
}

TEST_CASE("a silent replica gets a hint when its time is up") {
  Fixture here;
  here.put("k");
  here.answer("a");
  here.run(seconds(3));
  CHECK(here.pending("b") == 1);
}

TEST_CASE("hints do not count towards W") {
  Fixture here;
  here.put("k");
  here.answer("a", Code::kIo);
  here.answer("b", Code::kIo);
  REQUIRE(here.result.has_value());
  CHECK(here.result->status.code() == Code::kUnknownOutcome);
  CHECK(here.pending("a") == 1);
  CHECK(here.pending("b") == 1);
}

TEST_CASE("a write that is refused before it is minted leaves no hint") {
  Fixture here;
  here.set_state("b", MemberState::kLeft);
  here.put("k", wire::Consistency::kAll);
  CHECK(here.result->status.code() == Code::kRejected);
  CHECK(here.hints.ledger().pending() == 0);
}

TEST_CASE("a hint that cannot be kept changes no answer, is in no receipt, and is reported") {
  Fixture here({10, std::chrono::hours(3)});
  here.set_state("b", MemberState::kLeft);
  here.put("k");
  here.answer("a");

  REQUIRE(here.result.has_value());
  CHECK(here.result->status.is_ok());
  CHECK(here.hinted().empty());
  CHECK(here.hints.ledger().total().dropped == 1);
  REQUIRE(here.dropped.size() == 1);
  CHECK(here.dropped[0] == ring::token_of("k"));
  CHECK(here.coordinator.counts().in_flight == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::coordinator
