#include "sim/strikes.h"

#include <doctest/doctest.h>

#include "sim/scenario.h"
#include "sim/simulation.h"

namespace distkv::sim {

TEST_SUITE_BEGIN("strikes");

TEST_CASE("a strike is written and read as kind, node and place") {
  for (const StrikeKind kind : kStrikeKinds) {
    const auto read = parse_strike(to_string({kind, 3, 17}));
    REQUIRE(read.has_value());
    CHECK(read->kind == kind);
    CHECK(read->node == 3);
    CHECK(read->nth == 17);
  }
  for (const char* text : {"", "crash", "crash:n1", "crash:1:1", "crash:n1:", "crash:n1:0",
                           "crash:n1:7x", "crush:n1:7", "crash:nx:7"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_strike(text).has_value());
  }
}

TEST_CASE("only the place named is struck, once, and only while places count") {
  Strikes strikes(Strike{StrikeKind::kCrash, 1, 2});
  const MachineIndex node{1};
  CHECK_FALSE(strikes.hits(StrikeKind::kCrash, node));
  strikes.set_counting(true);

  CHECK_FALSE(strikes.hits(StrikeKind::kCrash, node));
  CHECK_FALSE(strikes.hits(StrikeKind::kCrash, MachineIndex{0}));
  CHECK_FALSE(strikes.hits(StrikeKind::kBreak, node));
  CHECK_FALSE(strikes.has_struck());
  CHECK(strikes.hits(StrikeKind::kCrash, node));
  CHECK_FALSE(strikes.hits(StrikeKind::kCrash, node));

  CHECK(strikes.has_struck());
  CHECK(strikes.places().at({StrikeKind::kCrash, 1}) == 3);
}

TEST_CASE("each kind strikes a script's cluster, which loses nothing and heals") {
  auto scenario = parse_scenario("test",
                                 "cluster\n"
                                 "repeat 5\n"
                                 "put ana cart milk via=n0\n"
                                 "put bob cart bread via=n1\n"
                                 "end\n"
                                 "get ana cart at=all\n");
  REQUIRE(scenario.is_ok());
  Options options;
  options.scenario = std::make_shared<const Scenario>(std::move(*scenario));
  const RunReport dry = simulate(options);
  REQUIRE(dry.violations.empty());
  for (const StrikeKind kind : kStrikeKinds) {
    CAPTURE(name_of(kind));
    const uint64_t places = dry.places.at({kind, 0});
    CHECK(places > 5);
    for (uint64_t nth = 1; nth <= places; nth += 1 + places / 6) {
      options.strike = Strike{kind, 0, nth};
      const RunReport report = simulate(options);
      CAPTURE(to_string(*options.strike));
      CHECK(report.tally.faults.at("strike: " + std::string(name_of(kind))) == 1);
      for (const Violation& violation : report.violations) {
        FAIL_CHECK(violation.property, ": ", violation.details);
      }
    }
  }
}
TEST_SUITE_END();

}  // namespace distkv::sim
