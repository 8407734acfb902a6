// One thread's event loop: the host's clock, its timers, and the end of each turn.
//
// Happy path: construct, construct what lives on it, run(), something calls stop(), destroy what
// lives on it, destroy this. A turn is one poll of the kernel and all callbacks it gave; then due
// timers run, then every TurnEnd, and only then does the thread sleep again. So whatever a turn
// queued leaves together, and nothing that was queued waits through a sleep.
// Failures: none to report; a handle that somebody forgot to close stops the program at
// destruction. Who frees: this closes its own three handles, and its destructor runs the loop until
// every close callback (also those of components destroyed before) has freed its memory.
//
// Invariant: now() is constant from the end of one poll to the end of that turn's callbacks.
#pragma once

#include <uv.h>

#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/timers.h"
#include "runtime/handle.h"

namespace distkv::runtime {

// Called once a turn, after all callbacks and timers, before the loop sleeps.
class TurnEnd {
 public:
  virtual ~TurnEnd() = default;
  virtual void on_turn_end() = 0;
};

// Belongs to the thread that runs it; no member may be called from another.
class Loop final : public base::Clock {
 public:
  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Sampled at the first call after a poll, and once more before timers run.
  base::MonotonicTime now() const override;
  base::WallTime wall_now() const override;

  // One-shot timers, on time to the millisecond (never early).
  base::Timers& timers() { return timers_; }

  // Called in the order they were added. `end` must be removed before it dies; neither call may be
  // made from an on_turn_end.
  void add(TurnEnd& end);
  void remove(TurnEnd& end);
  // What an on_turn_end calls when it made new work for turn ends: the next poll does not sleep.
  void request_turn() { is_turn_requested_ = true; }

  // Until stop() is called.
  void run();
  // Lets the current turn finish its callbacks and run() return.
  void stop() { uv_stop(&loop_); }
  // Turns the loop until `is_done` or until `limit` has passed; answers is_done(). For tests, and
  // for programs that wait for one thing. Not within run().
  bool run_until(const std::function<bool()>& is_done, base::Duration limit);

  // For the rest of this folder.
  uv_loop_t* raw() { return &loop_; }

 private:
  void end_turn();
  void set_alarm();

  uv_loop_t loop_;
  std::optional<Handle<uv_prepare_t>> turn_end_;
  std::optional<Handle<uv_timer_t>> alarm_;        // Only wakes the poll; timers run in end_turn.
  std::optional<Handle<uv_idle_t>> no_sleep_;      // While active, polls return at once.
  std::optional<base::MonotonicTime> alarm_time_;  // What alarm_ is set to.
  mutable std::optional<base::MonotonicTime> now_;
  mutable std::optional<base::WallTime> wall_now_;
  base::Timers timers_;
  std::vector<TurnEnd*> turn_ends_;
  bool is_turn_requested_ = false;
  bool is_ending_turn_ = false;
  std::function<bool()> is_done_;  // Of run_until, empty otherwise.
};

}  // namespace distkv::runtime
