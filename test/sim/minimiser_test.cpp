#include "sim/minimiser.h"

#include <doctest/doctest.h>

namespace distkv::sim {

namespace {

bool takes(const std::optional<std::set<std::string>>& selected, const std::string& name) {
  return !selected || selected->contains(name);
}

// A simulation in which P1 breaks where two certain faults, a certain operation, four seconds and
// three nodes meet. Without cut#2 and with crash#1, P3 does.
RunReport simulate_story(const Options& options) {
  RunReport report;
  report.nodes = options.nodes;
  for (const char* kind : {"crash", "cut"}) {
    for (int i = 1; i <= 20; ++i) {
      const std::string name = kind + std::string("#") + std::to_string(i);
      if (takes(options.selection.faults, name)) report.steps.faults.push_back({name, {}, "fault"});
    }
  }
  for (int client = 0; client < 4; ++client) {
    for (int i = 1; i <= 100; ++i) {
      const std::string name = std::to_string(client) + "#" + std::to_string(i);
      if (!takes(options.selection.operations, name)) continue;
      report.steps.operations.push_back({name, {}, "put"});
    }
  }
  const bool breaks =
      takes(options.selection.faults, "crash#7") && takes(options.selection.faults, "cut#2") &&
      takes(options.selection.operations, "2#41") && options.seconds >= 4 && options.nodes >= 3;
  const bool breaks_otherwise =
      !takes(options.selection.faults, "cut#2") && takes(options.selection.faults, "crash#1");
  if (breaks_otherwise) report.violations.push_back({"P3", "something else"});
  if (breaks) report.violations.push_back({"P1", "lost"});
  return report;
}

}  // namespace

TEST_SUITE_BEGIN("minimiser");

TEST_CASE("what a failure does not need is left out, and it stays the same failure") {
  const auto minimised = minimise(Options{}, simulate_story);

  REQUIRE(minimised.has_value());
  CHECK(minimised->report.violations.front().property == "P1");
  CHECK(minimised->options.selection.faults == std::set<std::string>{"crash#7", "cut#2"});
  CHECK(minimised->options.selection.operations == std::set<std::string>{"2#41"});
  CHECK(minimised->options.seconds == 4);
  CHECK(minimised->options.nodes == 3);
  CHECK(minimised->options.selection.is_calm);
  CHECK(minimised->runs < 200);
  CHECK(describe(*minimised).find("3 nodes, 2 faults, 1 operations\n") != std::string::npos);
  CHECK(describe(*minimised).find("put 2#41\n") != std::string::npos);
}

TEST_CASE("a run that passes has nothing to make small") {
  CHECK_FALSE(minimise(Options{}, [](const Options&) { return RunReport{}; }).has_value());
}

TEST_CASE("what is left out moves nothing else that was drawn") {
  Options options;
  options.engine = EngineKind::kMap;
  options.seed = 4;
  options.keeps_steps = true;
  const RunReport whole = simulate(options);
  REQUIRE(whole.steps.faults.size() > 4);
  REQUIRE(whole.steps.operations.size() > 20);
  options.selection.faults.emplace();
  for (size_t i = 0; i < whole.steps.faults.size(); i += 2) {
    options.selection.faults->insert(whole.steps.faults[i].name);
  }

  const RunReport half = simulate(options);

  REQUIRE(half.steps.faults.size() == options.selection.faults->size());
  for (size_t i = 0; i < half.steps.faults.size(); ++i) {
    CHECK(half.steps.faults[i].name == whole.steps.faults[2 * i].name);
    CHECK(half.steps.faults[i].at - base::MonotonicTime{} ==
          whole.steps.faults[2 * i].at - base::MonotonicTime{});
  }
}
TEST_SUITE_END();

}  // namespace distkv::sim
