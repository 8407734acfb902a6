#include "sim/report.h"

#include <doctest/doctest.h>

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
}
TEST_SUITE_END();

}  // namespace distkv::sim
