#include "sim/simulation.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "sim/cluster.h"

namespace distkv::sim {

namespace {

struct Case {
  Options options;
  std::string story;
};

std::vector<Case> read_corpus() {
  std::ifstream file(std::string(DISTKV_SOURCE_ROOT) + "/test/sim/seeds.txt");
  REQUIRE(file.is_open());
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    Case found;
    std::istringstream words(line);
    words >> found.options.seed >> found.options.nodes >> found.options.seconds;
    REQUIRE(!words.fail());
    std::getline(words, found.story);
    cases.push_back(std::move(found));
  }
  return cases;
}

std::string describe(const RunReport& report, const Options& options) {
  std::string text =
      replay_line({options.seed, options.nodes, options.seconds, name_of(options.engine)});
  for (const Violation& violation : report.violations) {
    text += "\n" + violation.property + ": " + violation.details;
  }
  return text;
}

}  // namespace

TEST_SUITE_BEGIN("simulation");

TEST_CASE("every seed of the corpus passes") {
  const std::vector<Case> corpus = read_corpus();
  CHECK(!corpus.empty());
  for (Case known : corpus) {
    for (const EngineKind engine : {EngineKind::kLsm, EngineKind::kMap}) {
      known.options.engine = engine;
      const RunReport report = simulate(known.options);
      INFO(describe(report, known.options), known.story);
      CHECK(report.violations.empty());
    }
  }
}

TEST_CASE("a seed runs the same way twice, another seed another way") {
  Options options;
  options.seconds = 5;
  const RunReport first = simulate(options);
  const RunReport second = simulate(options);
  options.engine = EngineKind::kMap;
  const RunReport quick = simulate(options);
  options.engine = EngineKind::kLsm;
  options.seed = 2;
  const RunReport other = simulate(options);

  CHECK(first.hash == second.hash);
  CHECK(first.events == second.events);
  CHECK(first.hash != other.hash);
  CHECK(first.hash != quick.hash);
}

TEST_CASE("a run ends where it is told to") {
  Options options;
  options.until = 3;
  CHECK(simulate(options).simulated == std::chrono::seconds(3));
}

TEST_CASE("clients are answered, and faults happen") {
  Tally tally;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Options options;
    options.seed = seed;
    options.seconds = 10;
    const RunReport report = simulate(options);
    INFO(describe(report, options));
    CHECK(report.violations.empty());
    tally.add(report.tally);
  }
  CHECK(tally.operations["put ok"] > 500);
  CHECK(tally.operations["get ok"] > 500);
  CHECK(tally.faults["crash"] > 3);
  CHECK(tally.faults["cut"] > 5);
  CHECK(tally.faults["power_cut"] > 5);
  CHECK(tally.faults["disk_full"] + tally.faults["sync_fails"] + tally.faults["table_rots"] > 0);
}

TEST_CASE("some clusters grow while clients work, from enough nodes for every copy") {
  uint32_t growing = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    base::Rng rng(seed);
    const ClusterPlan plan = draw_cluster(5, rng);
    CHECK(plan.nodes - plan.latecomers >= plan.replicas);
    growing += plan.latecomers > 0 ? 1 : 0;
  }
  CHECK(growing > 50);
  CHECK(growing < 150);
}
TEST_SUITE_END();

}  // namespace distkv::sim
