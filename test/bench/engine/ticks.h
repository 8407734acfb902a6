// Time of single operations: the processor's cycle counter where there is one (a fifth of what the
// system clock costs), measured against the system clock once at the start.
#pragma once

#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace distkv::bench {

class TickClock {
 public:
  // Blocks for 20 ms to find the length of a tick.
  TickClock();

  uint64_t now() const {
#if defined(__x86_64__)
    return __rdtsc();
#else
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
  }
  std::chrono::nanoseconds between(uint64_t from, uint64_t to) const {
    return std::chrono::nanoseconds(
        static_cast<int64_t>(static_cast<double>(to - from) * nanoseconds_per_tick_));
  }
  double seconds_between(uint64_t from, uint64_t to) const {
    return static_cast<double>(to - from) * nanoseconds_per_tick_ / 1e9;
  }
  uint64_t ticks_of(double seconds) const {
    return static_cast<uint64_t>(seconds * 1e9 / nanoseconds_per_tick_);
  }

 private:
  double nanoseconds_per_tick_ = 1;
};

}  // namespace distkv::bench
