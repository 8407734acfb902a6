// What an operation tells of itself to who asks for it.
#include "coordinator/trace.h"

#include <doctest/doctest.h>

#include <optional>

#include "coordinator/coordinator.h"
#include "support/hint_bench.h"

namespace distkv::coordinator {
namespace {

using base::NodeId;
using base::Status;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::TraceStep;

const NodeId kA{"a"};
const NodeId kB{"b"};

std::string_view name_of(TraceStep step) {
  switch (step) {
    case TraceStep::kAskedToWrite:
      return "asked to write";
    case TraceStep::kAskedForRecord:
      return "asked for record";
    case TraceStep::kAskedForDigest:
      return "asked for digest";
    case TraceStep::kAskedToTakeMerged:
      return "asked to take";
    case TraceStep::kMinted:
      return "minted";
    case TraceStep::kAnswered:
      return "answered";
    case TraceStep::kStale:
      return "stale";
    case TraceStep::kFailed:
      return "failed";
    case TraceStep::kSilent:
      return "silent";
    case TraceStep::kPassedOver:
      return "passed over";
    case TraceStep::kHinted:
      return "hinted";
    case TraceStep::kForwarded:
      return "forwarded";
    case TraceStep::kRepliedToClient:
      break;
  }
  return "replied";
}

// One line an event: "10000 a answered".
std::string text_of(const wire::Trace& trace) {
  std::string text;
  for (const wire::TraceEvent& event : trace.events) {
    text += std::to_string(event.at_us) + " " + std::string(event.node) +
            (event.node.empty() ? "" : " ") + std::string(name_of(event.step)) +
            (event.is_spare ? " spare" : "");
    if (event.code != base::Code::kOk) {
      text += " (" + Status(event.code, std::string(event.text)).to_string() + ")";
    }
    text += "\n";
  }
  return text;
}

// Self, a and b keep the key; W is 2.
struct Fixture : repair::HintBench {
  void put(bool wants_trace, wire::Consistency consistency = wire::Consistency::kQuorum) {
    PutCommand command;
    command.key = "k";
    command.put.op_id = base::OpId{{1, 1}};
    command.put.value = "value";
    command.consistency = consistency;
    command.timeout = seconds(5);
    command.wants_trace = wants_trace;
    coordinator.put(std::move(command), [this](PutResult done) { result = std::move(done); });
  }
  std::string told() {
    REQUIRE(result.has_value());
    REQUIRE(result->trace);
    return text_of(result->trace->view(NodeId{"self"}));
  }

  std::optional<PutResult> result;
  Coordinator coordinator{
      Parts{layouts, local, replicas, hints, timers, clock, [](const NodeId&) {}, log,
            std::make_shared<base::ByteBudget>(1 << 20)},
      Options{{2, 2}, seconds(1), seconds(2)}};
};

}  // namespace

TEST_SUITE_BEGIN("trace");

TEST_CASE("events carry the time since the beginning, in the order in which they happened") {
  test::HandClock clock;
  clock.time += seconds(7);
  Trace trace(clock);
  trace.add(TraceStep::kAskedForRecord, kA);
  clock.time += milliseconds(3);
  trace.add(TraceStep::kAskedForDigest, kB, {}, true);
  trace.add(TraceStep::kAnswered, kA);
  trace.close({base::Code::kUnavailable, "why"});

  CHECK(text_of(trace.view(kA)) ==
        "0 a asked for record\n"
        "3000 b asked for digest spare\n"
        "3000 a answered\n"
        "3000 b silent\n"
        "3000 replied (unavailable: why)\n");
}

TEST_CASE("who was asked again counts as silent until it answers that too") {
  test::HandClock clock;
  Trace trace(clock);
  trace.add(TraceStep::kAskedForDigest, kA);
  trace.add(TraceStep::kAnswered, kA);
  trace.add(TraceStep::kStale, kA);
  trace.add(TraceStep::kAskedToTakeMerged, kA);
  trace.close({});

  CHECK(text_of(trace.view(kA)).find("0 a silent\n0 replied\n") != std::string::npos);
}

TEST_CASE("what does not fit is counted, and the answer always fits") {
  test::HandClock clock;
  Trace trace(clock);
  for (size_t i = 0; i < wire::kTraceEventsMax + 5; ++i) trace.add(TraceStep::kAnswered, kA);
  trace.close({});

  const wire::Trace told = trace.view(kA);
  REQUIRE(told.events.size() == wire::kTraceEventsMax);
  CHECK(told.events.back().step == TraceStep::kRepliedToClient);
  CHECK(told.left_out == 6);
}

TEST_CASE("a put tells whom it asked, who answered and for whom it keeps a hint") {
  Fixture here;
  here.set_state("b", wire::MemberState::kLeft);
  here.put(true);
  here.clock.time += milliseconds(10);
  here.answer("a");

  CHECK(here.told() ==
        "0 self asked to write\n"
        "0 self minted\n"
        "0 a asked to write\n"
        "0 b asked to write\n"
        "0 b failed (unavailable: node b is down)\n"
        "0 b hinted\n"
        "0 self answered\n"
        "10000 a answered\n"
        "10000 replied\n");
}

TEST_CASE("a put tells who kept silent until the deadline") {
  Fixture here;
  here.put(true);
  here.run(seconds(6));

  CHECK(here.told().find("a failed (timed out") != std::string::npos);
  Fixture other;
  other.put(true);
  other.answer("b");
  CHECK(other.told().find("0 a silent\n0 replied\n") != std::string::npos);
}

TEST_CASE("a put that is refused tells who was passed over, and asks nobody") {
  Fixture here;
  here.set_state("b", wire::MemberState::kLeft);
  here.put(true, wire::Consistency::kAll);

  CHECK(here.told() ==
        "0 b passed over\n"
        "0 replied (rejected: 3 of 3 replicas needed, 2 up)\n");
}

TEST_CASE("who does not ask for a timeline gets none") {
  Fixture here;
  here.put(false);
  here.answer("a");
  REQUIRE(here.result.has_value());
  CHECK_FALSE(here.result->trace);
}

}  // namespace distkv::coordinator
