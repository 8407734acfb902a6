#include "base/timers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/rng.h"

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

// What timers are to do, done by looking at all of them.
struct Model {
  struct Timer {
    MonotonicTime deadline;
    int number;
  };
  std::vector<int> run_due(MonotonicTime now) {
    std::stable_sort(pending.begin(), pending.end(),
                     [](const Timer& a, const Timer& b) { return a.deadline < b.deadline; });
    std::vector<int> ran;
    for (const Timer& timer : pending) {
      if (timer.deadline <= now) ran.push_back(timer.number);
    }
    std::erase_if(pending, [now](const Timer& timer) { return timer.deadline <= now; });
    return ran;
  }
  std::vector<Timer> pending;
};

TEST_CASE("however many durations there are, timers run as if all stood in one order") {
  for (const uint64_t durations : {3u, 16u, 60u}) {
    HandClock clock;
    Timers timers(clock);
    Rng rng(durations);
    Model model;
    std::vector<int> ran;
    std::vector<TimerId> ids;
    for (int step = 0; step < 5000; ++step) {
      const uint64_t what = rng.below(10);
      if (what < 5) {
        const auto delay = milliseconds(rng.below(durations));
        const int number = static_cast<int>(ids.size());
        ids.push_back(timers.start(delay, [&ran, number] { ran.push_back(number); }));
        model.pending.push_back({clock.time + delay, number});
      } else if (what < 9 && !ids.empty()) {
        const auto at = static_cast<int>(rng.below(ids.size()));
        timers.stop(ids[static_cast<size_t>(at)]);
        std::erase_if(model.pending, [at](const auto& timer) { return timer.number == at; });
      } else {
        clock.time += milliseconds(rng.below(4));
        const std::vector<int> expected = model.run_due(clock.time);
        CHECK(timers.run_due() == expected.size());
        CHECK(ran == expected);
        ran.clear();
      }
      CHECK(timers.size() == model.pending.size());
    }
  }
}

TEST_CASE("a name is used up once its timer ran, whoever stands in its place") {
  HandClock clock;
  Timers timers(clock);
  TimerId first = timers.start(milliseconds(1), [] {});
  clock.time += milliseconds(1);
  CHECK(timers.run_due() == 1);
  bool has_run = false;
  timers.start(milliseconds(1), [&] { has_run = true; });
  timers.stop(first);
  clock.time += milliseconds(1);
  CHECK(timers.run_due() == 1);
  CHECK(has_run);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::base
