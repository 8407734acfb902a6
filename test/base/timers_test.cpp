#include "base/timers.h"

#include <doctest/doctest.h>

#include <vector>

namespace distkv::base {
namespace {

using std::chrono::milliseconds;

class HandClock : public Clock {
 public:
  MonotonicTime now() const override { return time; }
  WallTime wall_now() const override { return WallTime{}; }
  MonotonicTime time{};
};

TEST_SUITE_BEGIN("timers");

TEST_CASE("due timers run in order of deadline, then of start") {
  HandClock clock;
  Timers timers(clock);
  std::vector<int> ran;
  timers.start(milliseconds(2), [&] { ran.push_back(2); });
  timers.start(milliseconds(1), [&] { ran.push_back(0); });
  timers.start(milliseconds(1), [&] { ran.push_back(1); });
  CHECK(timers.next_deadline() == clock.time + milliseconds(1));

  clock.time += milliseconds(2);
  CHECK(timers.run_due() == 3);
  CHECK(ran == std::vector<int>{0, 1, 2});
  CHECK_FALSE(timers.next_deadline().has_value());
}

TEST_CASE("a stopped timer never runs, even if stopped by one due at the same instant") {
  HandClock clock;
  Timers timers(clock);
  bool second_ran = false;
  TimerId second;
  timers.start(milliseconds(1), [&] { timers.stop(second); });
  second = timers.start(milliseconds(1), [&] { second_ran = true; });

  clock.time += milliseconds(5);
  timers.run_due();
  CHECK_FALSE(second_ran);
  CHECK(second == TimerId{});
}

TEST_CASE("a timer started while timers run waits for the next run, so a loop always ends") {
  HandClock clock;
  Timers timers(clock);
  int ran = 0;
  std::function<void()> again = [&] {
    ++ran;
    timers.start(milliseconds(-1), again);
  };
  timers.start(milliseconds(0), again);
  CHECK(timers.run_due() == 1);
  CHECK(timers.run_due() == 1);
  CHECK(ran == 2);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::base
