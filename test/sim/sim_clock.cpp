#include "sim/sim_clock.h"

#include "base/check.h"

namespace distkv::sim {

namespace {
constexpr int64_t kMillionth = 1000000;
}

base::Duration SimClock::local_after(base::Duration true_elapsed) const {
  // In two parts, so that hours of nanoseconds times the drift do not overflow.
  const int64_t nanoseconds = true_elapsed.count();
  const int64_t whole = nanoseconds / kMillionth * drift_.per_million;
  const int64_t rest = nanoseconds % kMillionth * drift_.per_million / kMillionth;
  return base::Duration(nanoseconds + whole + rest);
}

base::MonotonicTime SimClock::now() const {
  return local_anchor_ + local_after(scheduler_.now() - true_anchor_);
}

base::WallTime SimClock::wall_now() const {
  const auto since_start =
      std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch());
  return base::WallTime(wall_offset_ + since_start);
}

base::MonotonicTime SimClock::true_time_of(base::MonotonicTime local) const {
  const int64_t wanted = (local - local_anchor_).count();
  if (wanted <= 0) return true_anchor_;
  const int64_t rate = kMillionth + drift_.per_million;
  int64_t guess = wanted / rate * kMillionth + wanted % rate * kMillionth / rate;
  // The division above rounds down; local_after rounds as well, by less than two in all.
  while (local_after(base::Duration(guess)).count() < wanted) ++guess;
  while (local_after(base::Duration(guess - 1)).count() >= wanted) --guess;
  return true_anchor_ + base::Duration(guess);
}

void SimClock::set_drift(Drift drift) {
  DISTKV_CHECK(drift.per_million >= -kDriftMax && drift.per_million <= kDriftMax);
  local_anchor_ = now();
  true_anchor_ = scheduler_.now();
  drift_ = drift;
}

}  // namespace distkv::sim
