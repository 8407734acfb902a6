// What a store is to write durably: `lanes` writes at once, each lane starting its next when its
// last is on disk, until a count or a time is reached. A lane belongs to one thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "bench/engine/histogram.h"
#include "bench/engine/keys.h"
#include "bench/engine/store.h"
#include "bench/engine/ticks.h"
#include "bench/engine/values.h"

namespace distkv::bench {

class DurableLoad {
 public:
  struct Limits {
    uint64_t writes_max = 0;
    double seconds_max = 0;
  };
  // Keys are 0, 1, 2, … scattered over `keys`; both references must outlive the load.
  DurableLoad(size_t lanes, Limits limits, const Permutation& keys, const Values& values,
              const TickClock& clock);

  size_t lanes() const { return lanes_.size(); }
  // The lane's next write, or nullopt: it is over. The views live until finish.
  std::optional<Record> start(size_t lane);
  // The lane's write is on disk.
  void finish(size_t lane);

  // After all lanes are over.
  Histogram latencies() const;

 private:
  struct Lane {
    KeyText key;
    ValueText value;
    uint64_t started = 0;
    Histogram latencies;
  };

  const Permutation& keys_;
  const Values& values_;
  const TickClock& clock_;
  uint64_t writes_max_;
  uint64_t deadline_;
  std::atomic<uint64_t> next_{0};  // Relaxed: only the numbers must differ.
  std::vector<Lane> lanes_;
};

}  // namespace distkv::bench
