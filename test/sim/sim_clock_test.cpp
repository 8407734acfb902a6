#include "sim/sim_clock.h"

#include <doctest/doctest.h>

#include "base/rng.h"

namespace distkv::sim {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_SUITE_BEGIN("sim clock");

TEST_CASE("a fast clock counts more than true time, a slow one less") {
  Scheduler scheduler;
  SimClock fast(scheduler, base::WallTime{});
  SimClock slow(scheduler, base::WallTime{});
  fast.set_drift({10000});
  slow.set_drift({-10000});

  scheduler.run_until(base::MonotonicTime(seconds(100)));

  CHECK(fast.now().time_since_epoch() == seconds(101));
  CHECK(slow.now().time_since_epoch() == seconds(99));
}

TEST_CASE("the monotonic clock never goes back when the drift changes") {
  base::Rng rng(7);
  Scheduler scheduler;
  SimClock clock(scheduler, base::WallTime{});
  base::MonotonicTime last = clock.now();
  for (int i = 0; i < 1000; ++i) {
    scheduler.run_until(scheduler.now() + base::Duration(rng.below(1000000000)));
    clock.set_drift({static_cast<int32_t>(rng.below(2 * kDriftMax)) - kDriftMax});
    CHECK(clock.now() >= last);
    last = clock.now();
  }
}

TEST_CASE("the true time of a deadline is the first at which the clock shows it") {
  base::Rng rng(8);
  Scheduler scheduler;
  SimClock clock(scheduler, base::WallTime{});
  for (int i = 0; i < 1000; ++i) {
    clock.set_drift({static_cast<int32_t>(rng.below(2 * kDriftMax)) - kDriftMax});
    const base::MonotonicTime deadline = clock.now() + base::Duration(rng.below(100000000));
    const base::MonotonicTime true_time = clock.true_time_of(deadline);
    if (true_time > scheduler.now()) {
      scheduler.run_until(true_time - base::Duration(1));
      CHECK(clock.now() < deadline);
    }
    scheduler.run_until(true_time);
    CHECK(clock.now() >= deadline);
  }
}

TEST_CASE("the wall clock jumps without touching the monotonic one") {
  Scheduler scheduler;
  SimClock clock(scheduler, base::WallTime(hours(1000)));
  clock.jump_wall(-milliseconds(hours(24)));

  CHECK(clock.wall_now() == base::WallTime(hours(976)));
  CHECK(clock.now() == base::MonotonicTime{});
}
TEST_SUITE_END();

}  // namespace distkv::sim
