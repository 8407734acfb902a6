// Executors for an engine that the calling thread owns: work runs on threads, what follows it on
// the owner, when the owner looks.
//
// Happy path: run() queues; a thread does `work`; the owner does `done` in poll or wait. One mutex
// guards all queues. An atomic says whether poll has anything to do, so that asking costs a load.
// The owner's timers fire there too; their clock stands still between two looks at it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/timers.h"
#include "storage/executor.h"

namespace distkv::bench {

class OwnerThreads : public base::Clock {
 public:
  OwnerThreads();
  // Drains.
  ~OwnerThreads() override;
  OwnerThreads(const OwnerThreads&) = delete;
  OwnerThreads& operator=(const OwnerThreads&) = delete;

  // An executor with `threads` behind it; lives as long as this.
  storage::Executor& add_executor(size_t threads);
  base::Timers& timers() { return timers_; }
  base::MonotonicTime now() const override { return now_; }
  base::WallTime wall_now() const override { return {}; }

  // What follows has the owner's thread alone.
  // Does what has finished.
  void poll() {
    // Relaxed: the mutex orders what poll then sees; a late look costs one round.
    if (has_finished_.load(std::memory_order_relaxed)) run_finished();
    // Reading the clock costs as much as a hit in a cache: not for every call.
    constexpr unsigned kPollsPerLook = 16;
    if (++polls_ % kPollsPerLook == 0 && timers_.size() > 0) look_at_clock();
  }
  // Blocks until something has finished, or for `time`; then polls.
  void wait(std::chrono::milliseconds time);
  // Returns when nothing is queued, runs, or waits to be done.
  void drain();

 private:
  class Pool;
  struct Item {
    std::function<void()> work;
    std::function<void()> done;
  };

  void serve(std::deque<Item>& queue, std::condition_variable& wake);
  void run_finished();
  void look_at_clock();

  base::MonotonicTime now_{};
  base::Timers timers_{*this};
  unsigned polls_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_owner_;
  std::atomic<bool> has_finished_{false};
  // Guarded by mutex_.
  std::vector<std::function<void()>> finished_;
  size_t unfinished_ = 0;  // Items whose `done` has not been taken.
  bool is_stopping_ = false;

  std::vector<std::unique_ptr<Pool>> pools_;
};

}  // namespace distkv::bench
