#include "sim/report.h"

#include <doctest/doctest.h>

#include <set>
#include <string_view>

namespace distkv::sim {

TEST_SUITE_BEGIN("report");

TEST_CASE("a report survives the way from a child to its parent") {
  RunReport report;
  report.seed = 7;
  report.hash = {1, 2};
  report.simulated = std::chrono::seconds(3);
  report.events = 4;
  report.tally.operations["get ok"] = 5;
  report.tally.faults["crash"] = 6;
  report.tally.events["peer_dead"] = 7;
  report.tally.sights["tombstone read"] = 8;
  report.nodes = 9;
  report.steps.faults.push_back({"crash#1", base::MonotonicTime(std::chrono::seconds(2)), "fault"});
  report.steps.operations.push_back({"0#1", {}, "put key"});
  report.violations.push_back({"P1", "lost"});

  RunReport arrived;
  REQUIRE(decode_report(encode_report(report), arrived));

  CHECK(encode_report(arrived) == encode_report(report));
}

TEST_CASE("half a report is none") {
  RunReport report;
  const std::string bytes = encode_report(report);
  CHECK_FALSE(decode_report(std::string_view(bytes).substr(0, bytes.size() / 2), report));
  CHECK_FALSE(decode_report("", report));
}

TEST_CASE("a summary of one run keeps its hash, one of several depends on their order") {
  RunReport first;
  first.hash = {1, 1};
  RunReport second;
  second.hash = {2, 2};
  Summary alone;
  alone.add(first);
  Summary forward = alone;
  forward.add(second);
  Summary backward;
  backward.add(second);
  backward.add(first);

  CHECK(alone.hash() == first.hash);
  CHECK(forward.hash() != backward.hash());
}

TEST_CASE("the replay line is one that can be typed") {
  CHECK(replay_line({7, 5, 30, "map"}) ==
        "distkv-sim --seed 7 --nodes 5 --seconds 30 --engine map");
  CHECK(replay_line({7, 0, 30, "lsm", true}) ==
        "distkv-sim --seed 7 --swarm --seconds 30 --engine lsm");
  Selection selection;
  selection.faults = {"crash#2", "cut#1"};
  selection.operations.emplace();
  CHECK(replay_line({7, 5, 30, "map", false, "", "", selection}) ==
        "distkv-sim --seed 7 --nodes 5 --seconds 30 --engine map --only-faults=crash#2,cut#1 "
        "--only-operations=");
  CHECK(replay_line({7, 5, 30, "lsm", false, "a.scenario", "crash:n1:7"}) ==
        "distkv-sim --seed 7 --scenario a.scenario --engine lsm --strike crash:n1:7");
}

TEST_CASE("a point is unreached until one run was there, and counted once for each that was") {
  Summary summary;
  RunReport report;
  summary.add(report);
  CHECK(summary.unreached().find("hedge sent\n") != std::string::npos);
  CHECK(summary.unreached().find("write rejected\n") != std::string::npos);

  report.tally.events["read_hedged"] = 5;
  report.tally.operations["put rejected"] = 1;
  summary.add(report);
  summary.add(report);

  CHECK(summary.unreached().find("hedge sent\n") == std::string::npos);
  CHECK(summary.unreached().find("write rejected\n") == std::string::npos);
  CHECK(summary.to_string(std::chrono::seconds(1))
            .find("hedge sent                                          2\n") != std::string::npos);
}

TEST_CASE("no two points have one name, and none watches for nothing") {
  std::set<std::string_view> names;
  for (const Point& point : kPoints) {
    CHECK(names.insert(point.name).second);
    CHECK_FALSE(point.key.empty());
  }
}

TEST_CASE("a long campaign is told in hours, operations and faults") {
  Summary summary;
  RunReport report;
  report.simulated = std::chrono::hours(3);
  report.tally.operations = {{"get ok", 5}, {"put ok", 2}};
  report.tally.faults["crash"] = 4;
  summary.add(report);

  CHECK(summary.to_string(std::chrono::seconds(1))
            .find("3.0 hours of clusters, 7 operations judged, 4 faults\n") != std::string::npos);
}
TEST_SUITE_END();

}  // namespace distkv::sim
