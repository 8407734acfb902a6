#include "sim/scheduler.h"

#include <doctest/doctest.h>

#include <string>

namespace distkv::sim {

using std::chrono::seconds;

TEST_SUITE_BEGIN("scheduler");

TEST_CASE("time jumps from event to event and stands still within one") {
  Scheduler scheduler;
  std::vector<base::Duration> times;
  scheduler.after(seconds(5), [&] { times.push_back(scheduler.elapsed()); });
  scheduler.after(seconds(2), [&] { times.push_back(scheduler.elapsed()); });

  while (scheduler.step()) {
  }

  CHECK(times == std::vector<base::Duration>{seconds(2), seconds(5)});
}

TEST_CASE("events of one instant run in the order they were scheduled") {
  Scheduler scheduler;
  std::string order;
  for (const char name : {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}) {
    scheduler.after(seconds(1), [&order, name] { order.push_back(name); });
  }

  scheduler.run_until(base::MonotonicTime(seconds(1)));

  CHECK(order == "abcdefgh");
}

TEST_CASE("an event for the past runs now") {
  Scheduler scheduler;
  scheduler.run_until(base::MonotonicTime(seconds(3)));
  bool has_run = false;
  scheduler.at(base::MonotonicTime(seconds(1)), [&] { has_run = true; });

  scheduler.run_until(base::MonotonicTime(seconds(3)));

  CHECK(has_run);
  CHECK(scheduler.elapsed() == seconds(3));
}

TEST_CASE("running until a time leaves later events alone and the clock at that time") {
  Scheduler scheduler;
  scheduler.after(seconds(2), [] { FAIL("too early"); });

  scheduler.run_until(base::MonotonicTime(seconds(1)));

  CHECK(scheduler.elapsed() == seconds(1));
  CHECK(scheduler.pending() == 1);
}
TEST_SUITE_END();

}  // namespace distkv::sim
