#include "bench/engine/ticks.h"

namespace distkv::bench {

TickClock::TickClock() {
  // Long enough that a preempted reading is off by less than a tenth of a percent.
  constexpr std::chrono::milliseconds kSpan(20);
  const auto start = std::chrono::steady_clock::now();
  const uint64_t first = now();
  auto end = start;
  while (end - start < kSpan) end = std::chrono::steady_clock::now();
  const uint64_t last = now();
  nanoseconds_per_tick_ = static_cast<double>(std::chrono::nanoseconds(end - start).count()) /
                          static_cast<double>(last - first);
}

}  // namespace distkv::bench
