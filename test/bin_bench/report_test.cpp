#include "bin/bench/report.h"

#include <doctest/doctest.h>

namespace distkv::bin::bench {
namespace {

using std::chrono::microseconds;

Findings two_seconds() {
  Findings findings;
  findings.measured = std::chrono::seconds(2);
  for (int i = 0; i < 99; ++i) findings.reads.record(Outcome::kOk, microseconds(100));
  findings.reads.record(Outcome::kAbsent, microseconds(3000));
  findings.writes.record(Outcome::kOk, microseconds(200));
  findings.writes.record(Outcome::kLost, std::chrono::hours(1));
  return findings;
}

TEST_SUITE_BEGIN("bench report");

TEST_CASE("the text has rates, quantiles and each outcome in aligned columns") {
  const std::string text = as_text(Options(), two_seconds());

  CHECK(text ==
        "50 ops/s over 2.0 s: 50 clients, depth 1, 1 server, quorum\n"
        "\n"
        "               ops/s        p50        p99      p99.9        max   (us)\n"
        "reads             50       99.8       99.8     2998.3     3000.0\n"
        "writes             0      199.7      199.7      199.7      200.0\n"
        "\n"
        "                 ok      absent    rejected     unknown unavailable  overloaded        "
        "lost      failed\n"
        "reads            99           1           0           0           0           0           "
        "0           0\n"
        "writes            1           0           0           0           0           0           "
        "1           0\n");
}

TEST_CASE("connections that broke are told, if there are any") {
  Findings findings = two_seconds();
  findings.connections_lost = 3;
  CHECK(as_text(Options(), findings).find("3 lost, 0 attempts refused") != std::string::npos);
}

TEST_CASE("the JSON is one line that says the same") {
  const std::string json = as_json(Options(), two_seconds());

  CHECK(json.find('\n') == json.size() - 1);
  CHECK(json.rfind("{\"servers\":1,\"clients\":50,\"depth\":1,", 0) == 0);
  CHECK(json.find("\"per_second\":50.5,\"reads\":{\"per_second\":50.0,") != std::string::npos);
  CHECK(json.find("\"p999_us\":2998.27,\"max_us\":3000.00,\"ok\":99,\"absent\":1,") !=
        std::string::npos);
  CHECK(json.find("\"lost\":1,\"failed\":0}") != std::string::npos);
}

TEST_CASE("a run without a single answer divides by nothing") {
  CHECK(as_text(Options(), Findings()).rfind("0 ops/s", 0) == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::bench
