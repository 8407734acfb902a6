// Two clocks that cannot be mixed: the monotonic one measures waits, the wall clock is only ever
// written into dots (as a hint of order between actors) and expiry times.
#pragma once

#include <chrono>

namespace distkv::base {

using Duration = std::chrono::nanoseconds;
using MonotonicTime = std::chrono::time_point<struct MonotonicClockTag, Duration>;
using WallTime = std::chrono::time_point<struct WallClockTag, std::chrono::milliseconds>;

// The host's clocks. Core code reads time here and nowhere else.
class Clock {
 public:
  virtual ~Clock() = default;
  // Never goes back. Constant within one event, so that replay is exact.
  virtual MonotonicTime now() const = 0;
  // Milliseconds since 1970 UTC. May jump either way, or be wrong by a year.
  virtual WallTime wall_now() const = 0;
};

}  // namespace distkv::base
