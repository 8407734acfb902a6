#include "runtime/stderr_log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

namespace distkv::runtime {
namespace {

using std::chrono::milliseconds;

TEST_SUITE_BEGIN("stderr log");

TEST_CASE("a time is written in UTC with milliseconds, before 1970 too") {
  CHECK(format_utc(base::WallTime(milliseconds(0))) == "1970-01-01T00:00:00.000Z");
  CHECK(format_utc(base::WallTime(milliseconds(1769860800123))) == "2026-01-31T12:00:00.123Z");
  CHECK(format_utc(base::WallTime(milliseconds(-1))) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a line is its time, its text and a newline; lines below the level are dropped") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  StderrLog log(base::LogLevel::kInfo, ends[1]);

  log.debug("not_this");
  log.info("started", {{"node", "a"}});

  std::string text(1000, ' ');
  const ssize_t size = ::read(ends[0], text.data(), text.size());
  REQUIRE(size > 0);
  text.resize(static_cast<size_t>(size));
  CHECK(text.size() == 25 + std::string("level=info event=started node=a\n").size());
  CHECK(text[10] == 'T');
  CHECK(text.substr(23, 2) == "Z ");
  CHECK(text.substr(25) == "level=info event=started node=a\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::runtime
