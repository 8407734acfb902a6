// What one machine believes of time: a monotonic clock that runs a little fast or slow, and a wall
// clock that may be wrong by anything and jump.
//
// Invariant: the monotonic clock never goes back, whatever the drift becomes.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "sim/scheduler.h"

namespace distkv::sim {

// How much faster than true time a clock runs, in parts per million; negative: slower.
struct Drift {
  int32_t per_million = 0;
};

inline constexpr int32_t kDriftMax = 50000;  // Far beyond any quartz: 5 %.

class SimClock : public base::Clock {
 public:
  SimClock(const Scheduler& scheduler, base::WallTime wall_start)
      : scheduler_(scheduler), wall_offset_(wall_start.time_since_epoch()) {}

  base::MonotonicTime now() const override;
  base::WallTime wall_now() const override;

  // The first true time at which now() is at least `local`.
  base::MonotonicTime true_time_of(base::MonotonicTime local) const;
  void set_drift(Drift drift);
  void jump_wall(std::chrono::milliseconds by) { wall_offset_ += by; }

 private:
  base::Duration local_after(base::Duration true_elapsed) const;

  const Scheduler& scheduler_;
  std::chrono::milliseconds wall_offset_;
  Drift drift_;
  // Where the present drift began, in both times.
  base::MonotonicTime true_anchor_{};
  base::MonotonicTime local_anchor_{};
};

}  // namespace distkv::sim
