// One-shot timers of one owner. The host asks next_deadline(), sleeps or jumps, and calls
// run_due(); timers due at the same instant run in the order they were started, so replay is exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/types.h"

namespace distkv::base {

// Names a started timer. The default value names none.
struct TimerId {
  MonotonicTime deadline{};
  uint64_t sequence = 0;
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
  size_t size() const { return pending_.size(); }

 private:
  const Clock& clock_;
  uint64_t last_sequence_ = 0;
  std::map<TimerId, std::function<void()>> pending_;
};

}  // namespace distkv::base
