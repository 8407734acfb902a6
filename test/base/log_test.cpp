#include "base/log.h"

#include <doctest/doctest.h>

#include <vector>

namespace distkv::base {
namespace {

class CapturedLog : public Log {
 public:
  bool is_enabled(LogLevel level) const override { return level >= LogLevel::kInfo; }
  void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

TEST_SUITE_BEGIN("log");

TEST_CASE("a line is an event with key=value pairs, quoted where a blank would split it") {
  CapturedLog log;
  log.warn("peer_suspected", {{"peer", "node 2"}, {"incarnation", 7}, {"why", "said \"no\"\n"}});
  REQUIRE(log.lines.size() == 1);
  CHECK(log.lines[0] ==
        "level=warn event=peer_suspected peer=\"node 2\" incarnation=7 why=\"said \\\"no\\\" \"");
}

TEST_CASE("a level that is not enabled is not written") {
  CapturedLog log;
  log.debug("noise");
  CHECK(log.lines.empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::base
