// The heart of the simulator: a virtual clock and one queue of events. Time stands still within an
// event and jumps to the next one; events of one instant run in the order they were scheduled, so
// that a run is a function of its seed.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"

namespace distkv::sim {

class Scheduler {
 public:
  base::MonotonicTime now() const { return now_; }
  // Nanoseconds since the start of the run.
  base::Duration elapsed() const { return now_.time_since_epoch(); }

  // Runs `event` at `when`, or as soon as possible if that has passed. There is no cancelling: an
  // event that may have become pointless finds that out itself.
  void at(base::MonotonicTime when, std::function<void()> event);
  void after(base::Duration delay, std::function<void()> event) {
    at(now_ + delay, std::move(event));
  }

  // Runs the next event. False if there is none.
  bool step();
  // Runs every event due up to and including `until`; then the clock stands there.
  void run_until(base::MonotonicTime until);

  uint64_t events_run() const { return events_run_; }
  size_t pending() const { return queue_.size(); }

 private:
  struct Event {
    base::MonotonicTime when;
    uint64_t sequence;
    std::function<void()> run;
  };
  // A binary heap keeps its greatest element in front; the next event must be that one.
  static bool is_later(const Event& a, const Event& b);

  base::MonotonicTime now_{};
  uint64_t last_sequence_ = 0;
  uint64_t events_run_ = 0;
  std::vector<Event> queue_;
};

}  // namespace distkv::sim
