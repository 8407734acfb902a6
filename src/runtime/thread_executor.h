// Threads for work that may wait: the one log thread (threads = 1: work then also finishes in
// order) and the pool for reads the kernel has not cached.
//
// Happy path: run() on the loop thread queues; a thread does `work`; the loop thread does `done` in
// a later turn, together with all others that finished meanwhile.
// Failures: none here; work reports its own through what it captures. The queue is bounded by its
// callers, who know what an item costs (an engine refuses writes, the node refuses requests).
// Who frees: the items are values. stop() finishes everything and joins; the destructor stops.
//
// One mutex guards both queues. A single thread takes all that is queued at once, so a burst of
// items costs one hand-over; each finished item is posted at once, so none waits for its neighbour.
#pragma once

#include <uv.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/handle.h"
#include "runtime/loop.h"
#include "storage/executor.h"

namespace distkv::runtime {

class ThreadExecutor final : public storage::Executor {
 public:
  // `loop` must outlive this; `threads` is at least 1.
  ThreadExecutor(Loop& loop, size_t threads);
  ~ThreadExecutor() override;

  // Loop thread only; not after stop().
  void run(std::function<void()> work, std::function<void()> done) override;

  // Loop thread only. Returns when all work was done, all `done` have run (here, in this call),
  // also of work those started, and the threads are joined. Idempotent.
  void stop();

 private:
  struct Item {
    std::function<void()> work;
    std::function<void()> done;
  };

  void serve();
  std::deque<Item> take(std::unique_lock<std::mutex>& lock);
  void finish(Item& item, std::unique_lock<std::mutex>& lock);
  void run_finished();

  Handle<uv_async_t> wake_loop_;
  bool is_stopped_ = false;  // Loop thread's.

  std::mutex mutex_;
  std::condition_variable wake_thread_;
  std::condition_variable idle_;  // Signalled when unfinished_ falls to zero.
  // The rest is guarded by mutex_.
  std::deque<Item> queue_;
  std::vector<std::function<void()>> finished_;
  size_t unfinished_ = 0;  // Items given to run() whose work has not returned.
  size_t sleeping_ = 0;    // Threads that wait and were not woken yet; may be too high, never low.
  bool is_stopping_ = false;

  std::vector<std::thread> threads_;  // Last: started when all else is built.
};

}  // namespace distkv::runtime
