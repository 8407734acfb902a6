#include "sim/scenario.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "sim/simulation.h"

namespace distkv::sim {

namespace {

Scenario parsed(const std::string& text) {
  auto scenario = parse_scenario("test", text);
  INFO(scenario.status().to_string());
  REQUIRE(scenario.is_ok());
  return std::move(*scenario);
}

std::string complaint(const std::string& text) {
  return parse_scenario("test", text).status().message();
}

// The first violation, "" if there is none.
std::string outcome_of(const std::string& text) {
  Options options;
  options.engine = EngineKind::kMap;
  options.scenario = std::make_shared<const Scenario>(parsed(text));
  const RunReport report = simulate(options);
  if (report.violations.empty()) return "";
  return report.violations.front().property + ": " + report.violations.front().details;
}

std::vector<std::string> scenario_paths() {
  std::vector<std::string> paths;
  const std::string directory = std::string(DISTKV_SOURCE_ROOT) + "/test/sim/scenarios";
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".scenario") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool wants_files(const Scenario& scenario) {
  return std::any_of(scenario.statements.begin(), scenario.statements.end(),
                     [](const Statement& statement) { return statement.verb == Verb::kCopy; });
}

}  // namespace

TEST_SUITE_BEGIN("scenario");

TEST_CASE("every scenario of the folder comes out as it says, on both engines") {
  constexpr uint64_t kSeeds = 3;
  const std::vector<std::string> paths = scenario_paths();
  CHECK(paths.size() >= 20);
  for (const std::string& path : paths) {
    const auto scenario = load_scenario(path);
    INFO(scenario.status().to_string());
    REQUIRE(scenario.is_ok());
    for (const EngineKind engine : {EngineKind::kLsm, EngineKind::kMap}) {
      if (engine == EngineKind::kMap && wants_files(*scenario)) continue;
      for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
        Options options;
        options.seed = seed;
        options.engine = engine;
        options.scenario = std::make_shared<const Scenario>(*scenario);
        const RunReport report = simulate(options);
        CAPTURE(replay_line({seed, 0, 0, name_of(engine), false, path}));
        for (const Violation& violation : report.violations) {
          FAIL_CHECK(violation.property, ": ", violation.details);
        }
      }
    }
  }
}

TEST_CASE("an operation is read with all that is said of it") {
  const Scenario scenario = parsed(
      "# A story.\n"
      "cluster nodes=5 n=3 r=1 w=3 late=1 rounds=on hint-age=5s\n"
      "\n"
      "get ana cart keep=seen -> any\n"
      "put bob cart milk at=one via=n2 context=seen ttl=2s patience=500ms attempts=3  # now\n");

  CHECK(scenario.cluster.nodes == 5);
  CHECK(scenario.cluster.write_quorum == 3);
  CHECK(scenario.cluster.latecomers == 1);
  CHECK(scenario.cluster.has_anti_entropy);
  CHECK(scenario.cluster.hints.age_max == std::chrono::seconds(5));
  CHECK(scenario.clients == std::vector<std::string>{"ana", "bob"});
  CHECK(scenario.keys == std::vector<std::string>{"cart"});
  REQUIRE(scenario.statements.size() == 2);
  const Statement& put = scenario.statements[1];
  CHECK(put.line == 5);
  CHECK(put.value == "milk");
  CHECK(put.consistency == wire::Consistency::kOne);
  CHECK(put.via == 2u);
  CHECK(put.context == "seen");
  CHECK(put.ttl == std::chrono::seconds(2));
  CHECK(put.habits.patience == std::chrono::milliseconds(500));
  CHECK(put.habits.attempts_max == 3);
}

TEST_CASE("a body is repeated as often as it says") {
  CHECK(parsed("cluster\nrepeat 3\nwait 1s\nheal\nend\nwait 1s").statements.size() == 7);
}

TEST_CASE("what cannot be meant is refused by line, with what is allowed there") {
  struct Row {
    std::string text;
    std::string complaint;  // A part of it.
  };
  const Row rows[] = {
      {"", "there is no statement; the first is `cluster"},
      {"wait 1s", "line 1: before all others stands `cluster"},
      {"cluster\ncluster", "line 2: the cluster stands in the first statement alone"},
      {"cluster\nputt ana k v",
       "line 2: `putt` is no statement; there are cluster, repeat, end, put"},
      {"cluster nodes=0", "line 1: nodes are 1 to 20"},
      {"cluster r=4", "r and w are 1 to n"},
      {"cluster color=3", "`color=3` is no option"},
      {"cluster partitions=3", "a power of two"},
      {"cluster\n\nput ana k", "line 3: something is missing; it is `put CLIENT KEY VALUE"},
      {"cluster\nput n1 k v", "a client is not called like a node"},
      {"cluster\nput ana k v,w", "a value has no comma"},
      {"cluster\nput ana k v via=n3", "`n3` is no node; there are n0 to n2"},
      {"cluster\nput ana k v at=some", "`some` is no level"},
      {"cluster\nput ana k v context=x", "no context was kept as `x` before"},
      {"cluster\nput ana k v -> maybe",
       "`maybe` is no outcome; there are any, failed, ok, unknown"},
      {"cluster\nput ana k v background -> ok", "`finish` tells it"},
      {"cluster\nget ana k ttl=3s", "`ttl=3s` does not belong here"},
      {"cluster\nget ana k -> siblings=x", "how many siblings?"},
      {"cluster\nwait 5", "`5` is no time such as 500ms"},
      {"cluster\ncut n0", "a cut has two sides"},
      {"cluster\ncut n0 | bob", "nobody is called `bob`"},
      {"cluster\ncrash n7", "`n7` is no node"},
      {"cluster\nnetwork loss=200%", "is nothing the network does"},
      {"cluster\nholds n0 k -> ok", "which values?"},
      {"cluster\nrepeat 2\nwait 1s", "`repeat` has no `end`"},
      {"cluster\nend", "`end` without `repeat`"},
      {"cluster\nrepeat 2\nrepeat 2", "one `repeat` within another"},
      {"cluster\nrepeat 30000\nwait 1s\nend", "more than 20000 statements"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CAPTURE(complaint(row.text));
    CHECK(complaint(row.text).find(row.complaint) != std::string::npos);
  }
}

TEST_CASE("what comes out otherwise than expected fails the run, by line") {
  CHECK(outcome_of("cluster\nput ana k v\nget ana k -> w") == "scenario: test, line 3: it read v");
  CHECK(outcome_of("cluster\nput ana k v\nget ana k -> siblings=2") ==
        "scenario: test, line 3: 1 siblings are there");
  CHECK(outcome_of("cluster\nput ana k v -> rejected") ==
        "scenario: test, line 2: it ended with ok");
  CHECK(outcome_of("cluster\nput ana k v -> failed") == "scenario: test, line 2: it succeeded");
  CHECK(outcome_of("cluster\nput ana k v\nequal\nholds n0 k -> absent") ==
        "scenario: test, line 4: it holds v");
  CHECK(outcome_of("cluster\nwipe n1") ==
        "scenario: test, line 2: the node is up; stop or crash it first");
  CHECK(outcome_of("cluster\ncrash n2\nput ana k v\nequal within=1s") ==
        "scenario: test, line 4: the replicas differ, or one is down");
  CHECK(outcome_of("cluster\nput ana k v background\nput ana k w") ==
        "scenario: test, line 3: ana has an operation under way; `finish` comes first");
}
TEST_SUITE_END();

}  // namespace distkv::sim
