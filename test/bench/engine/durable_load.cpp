#include "bench/engine/durable_load.h"

namespace distkv::bench {

DurableLoad::DurableLoad(size_t lanes, Limits limits, const Permutation& keys, const Values& values,
                         const TickClock& clock)
    : keys_(keys),
      values_(values),
      clock_(clock),
      writes_max_(limits.writes_max),
      deadline_(clock.now() + clock.ticks_of(limits.seconds_max)),
      lanes_(lanes) {}

std::optional<Record> DurableLoad::start(size_t lane_number) {
  Lane& lane = lanes_[lane_number];
  const uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
  if (number >= writes_max_ || clock_.now() >= deadline_) return std::nullopt;
  const uint64_t index = keys_.at(number % keys_.size());
  const Record record{lane.key.set(index), values_.make({.index = index}, lane.value)};
  lane.started = clock_.now();
  return record;
}

void DurableLoad::finish(size_t lane_number) {
  Lane& lane = lanes_[lane_number];
  lane.latencies.record(clock_.between(lane.started, clock_.now()));
}

Histogram DurableLoad::latencies() const {
  Histogram all;
  for (const Lane& lane : lanes_) all.add(lane.latencies);
  return all;
}

}  // namespace distkv::bench
