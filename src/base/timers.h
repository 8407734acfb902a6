// One-shot timers of one owner. The host asks next_deadline(), sleeps or jumps, and calls
// run_due(); timers due at the same instant run in the order they were started, so replay is exact.
//
// Nearly all timers are deadlines that are stopped again, of a few durations that come back all the
// time. Those of one duration end in the order they start, so each stands in a queue of its
// duration and starting or stopping one touches no tree: a twelfth of what a node spends on a read.
// Durations beyond the queues there are share a map.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/types.h"

namespace distkv::base {

// Names a started timer. The default value names none.
struct TimerId {
  MonotonicTime deadline{};
  uint64_t sequence = 0;
  uint32_t slot = 0;  // Where Timers keeps it.
  friend auto operator<=>(const TimerId&, const TimerId&) = default;
};

class Timers {
 public:
  // `clock` must outlive this.
  explicit Timers(const Clock& clock) : clock_(clock) {}

  // Runs `callback` once, `delay` from now (at once, from the next run_due, if not positive).
  TimerId start(Duration delay, std::function<void()> callback);
  // Forgets a timer; no effect if it has run or was never started. Resets `id`.
  void stop(TimerId& id);

  std::optional<MonotonicTime> next_deadline() const;
  // Runs every timer due at clock.now() that was started before this call. Callbacks may start and
  // stop timers. Returns how many ran.
  size_t run_due();
  size_t size() const { return size_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kQueues = 16;

  struct Slot {
    TimerId id;  // Names none: the slot is free, and `next` the next free one.
    std::function<void()> callback;
    uint32_t queue = kNone;  // None: its name is in rare_.
    uint32_t previous = kNone;
    uint32_t next = kNone;
  };
  // Ascending by id. Empty ones may change their duration.
  struct Queue {
    Duration delay{};
    uint32_t first = kNone;
    uint32_t last = kNone;
  };

  uint32_t take_slot();
  uint32_t queue_for(Duration delay, MonotonicTime deadline);
  void append(uint32_t queue, uint32_t slot);
  // Frees the slot; what it was to do.
  std::function<void()> remove(uint32_t slot);
  const TimerId* first_due(MonotonicTime now, uint64_t newest) const;

  const Clock& clock_;
  uint64_t last_sequence_ = 0;
  size_t size_ = 0;
  uint32_t free_ = kNone;
  std::vector<Slot> slots_;
  std::array<Queue, kQueues> queues_;
  std::map<TimerId, uint32_t> rare_;
};

}  // namespace distkv::base
