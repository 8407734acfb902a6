#include "runtime/thread_executor.h"

#include <utility>

#include "base/check.h"

namespace distkv::runtime {

ThreadExecutor::ThreadExecutor(Loop& loop, size_t threads)
    : wake_loop_(this, [&loop](uv_async_t* handle) {
        return uv_async_init(loop.raw(), handle, [](uv_async_t* async) {
          owner_of<ThreadExecutor>(async)->run_finished();
        });
      }) {
  DISTKV_CHECK(threads >= 1);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

ThreadExecutor::~ThreadExecutor() { stop(); }

void ThreadExecutor::run(std::function<void()> work, std::function<void()> done) {
  DISTKV_CHECK(!is_stopped_);
  bool must_wake = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back({std::move(work), std::move(done)});
    ++unfinished_;
    must_wake = sleeping_ > 0;
    if (must_wake) --sleeping_;
  }
  if (must_wake) wake_thread_.notify_one();
}

void ThreadExecutor::stop() {
  if (is_stopped_) return;
  for (;;) {
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [this] { return unfinished_ == 0; });
    if (finished_.empty()) {
      is_stopping_ = true;
      break;
    }
    lock.unlock();
    run_finished();
  }
  is_stopped_ = true;
  wake_thread_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  wake_loop_.close();
}

void ThreadExecutor::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    while (queue_.empty() && !is_stopping_) {
      ++sleeping_;
      wake_thread_.wait(lock);
    }
    if (queue_.empty()) return;
    std::deque<Item> items = take(lock);
    for (Item& item : items) finish(item, lock);
  }
}

// Several threads share, one item at a time, so that no item waits behind a slow one while another
// thread sleeps.
std::deque<ThreadExecutor::Item> ThreadExecutor::take(std::unique_lock<std::mutex>& lock) {
  DISTKV_CHECK(lock.owns_lock());
  std::deque<Item> items;
  if (threads_.size() == 1) {
    items.swap(queue_);
  } else {
    items.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return items;
}

// Does the work without the lock, and posts the end of it. What `work` captured dies on this
// thread, before `done` can run.
void ThreadExecutor::finish(Item& item, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  item.work();
  item.work = nullptr;
  lock.lock();
  finished_.push_back(std::move(item.done));
  if (--unfinished_ == 0) idle_.notify_one();
  if (finished_.size() == 1) uv_async_send(wake_loop_.get());
}

void ThreadExecutor::run_finished() {
  std::vector<std::function<void()>> finished;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    finished.swap(finished_);
  }
  for (const std::function<void()>& done : finished) done();
}

}  // namespace distkv::runtime
