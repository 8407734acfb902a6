// The measuring loop of every workload.
#pragma once

#include <cstdint>

#include "bench/engine/sample.h"
#include "bench/engine/ticks.h"

namespace distkv::bench {

struct Limits {
  uint64_t operations_max = 0;
  double seconds_max = 1e6;  // No limit in practice.
};

// Calls prepare(i), then act(), whose time is recorded, for i from 0 until a limit is reached.
// The rate counts both: what prepares is a small and equal part for all stores.
template <typename Prepare, typename Act>
void repeat(const TickClock& clock, const Limits& limits, Measured& measured,
            const Prepare& prepare, const Act& act) {
  const uint64_t start = clock.now();
  const uint64_t deadline = start + clock.ticks_of(limits.seconds_max);
  uint64_t end = start;
  uint64_t count = 0;
  for (; count < limits.operations_max && end < deadline; ++count) {
    prepare(count);
    const uint64_t before = clock.now();
    act();
    end = clock.now();
    measured.latencies.record(clock.between(before, end));
  }
  measured.operations = static_cast<double>(count);
  measured.seconds = clock.seconds_between(start, end);
}

}  // namespace distkv::bench
