#include "runtime/loop.h"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

namespace distkv::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::Duration kSafety = seconds(30);  // Far above what any test here takes.

// Counts turns, and does what the test asks at the end of one.
class Recorder : public TurnEnd {
 public:
  void on_turn_end() override {
    ++turns;
    if (action) action();
  }
  int turns = 0;
  std::function<void()> action;
};

TEST_SUITE_BEGIN("loop");

TEST_CASE("timers run in order and never early") {
  Loop loop;
  std::vector<int> ran;
  const base::MonotonicTime start = loop.now();
  base::MonotonicTime end = start;
  loop.timers().start(milliseconds(3), [&] {
    ran.push_back(3);
    end = loop.now();
  });
  loop.timers().start(milliseconds(1), [&] { ran.push_back(1); });
  loop.timers().start(milliseconds(0), [&] { ran.push_back(0); });

  REQUIRE(loop.run_until([&] { return ran.size() == 3; }, kSafety));

  CHECK(ran == std::vector<int>{0, 1, 3});
  CHECK(end - start >= milliseconds(3));
}

TEST_CASE("a deadline nearer than the alarm that is set moves the alarm") {
  Loop loop;
  bool has_run = false;
  loop.timers().start(std::chrono::hours(1), [] {});
  loop.timers().start(milliseconds(1),
                      [&] { loop.timers().start(milliseconds(1), [&] { has_run = true; }); });

  CHECK(loop.run_until([&] { return has_run; }, kSafety));
}

TEST_CASE("timers started by a timer without delay do not wait for an event") {
  Loop loop;
  int left = 1000;
  std::function<void()> step = [&] {
    if (--left > 0) loop.timers().start(milliseconds(0), step);
  };
  loop.timers().start(milliseconds(0), step);

  CHECK(loop.run_until([&] { return left == 0; }, kSafety));
}

TEST_CASE("time stands still within a callback") {
  Loop loop;
  bool has_run = false;
  loop.timers().start(milliseconds(0), [&] {
    const base::MonotonicTime before = loop.now();
    const uint64_t real = uv_hrtime();
    while (uv_hrtime() == real) {
    }
    CHECK(loop.now() == before);
    has_run = true;
  });

  CHECK(loop.run_until([&] { return has_run; }, kSafety));
}

TEST_CASE("a turn ends after its timers, and a turn end that asks for a turn gets one") {
  Loop loop;
  Recorder recorder;
  loop.add(recorder);
  bool has_timer_run = false;
  loop.timers().start(milliseconds(0), [&] { has_timer_run = true; });
  recorder.action = [&] {
    CHECK(has_timer_run);
    if (recorder.turns < 100) loop.request_turn();
  };

  CHECK(loop.run_until([&] { return recorder.turns == 100; }, kSafety));
  loop.remove(recorder);
}

TEST_CASE("run returns after stop, and what never happens ends at the limit") {
  Loop loop;
  loop.timers().start(milliseconds(1), [&] { loop.stop(); });
  loop.run();

  CHECK_FALSE(loop.run_until([] { return false; }, milliseconds(2)));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::runtime
