#include "bench/engine/owner_threads.h"

#include <utility>

namespace distkv::bench {

class OwnerThreads::Pool final : public storage::Executor {
 public:
  Pool(OwnerThreads& owner, size_t threads) : owner_(owner) {
    for (size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this] { owner_.serve(queue_, wake_); });
    }
  }

  void run(std::function<void()> work, std::function<void()> done) override {
    {
      const std::lock_guard lock(owner_.mutex_);
      queue_.push_back({std::move(work), std::move(done)});
      ++owner_.unfinished_;
    }
    wake_.notify_one();
  }

  void wake_all() { wake_.notify_all(); }

 private:
  OwnerThreads& owner_;
  std::deque<Item> queue_;  // Guarded by the owner's mutex.
  std::condition_variable wake_;
  std::vector<std::jthread> threads_;  // Last: joined before what they use goes.
};

OwnerThreads::OwnerThreads() { look_at_clock(); }

OwnerThreads::~OwnerThreads() {
  drain();
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  for (const auto& pool : pools_) pool->wake_all();
  pools_.clear();
}

storage::Executor& OwnerThreads::add_executor(size_t threads) {
  return *pools_.emplace_back(std::make_unique<Pool>(*this, threads));
}

void OwnerThreads::serve(std::deque<Item>& queue, std::condition_variable& wake) {
  std::unique_lock lock(mutex_);
  while (true) {
    wake.wait(lock, [&] { return is_stopping_ || !queue.empty(); });
    if (queue.empty()) return;
    Item item = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    item.work();
    item.work = nullptr;
    lock.lock();
    finished_.push_back(std::move(item.done));
    has_finished_.store(true, std::memory_order_relaxed);
    wake_owner_.notify_one();
  }
}

void OwnerThreads::run_finished() {
  std::vector<std::function<void()>> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(finished_);
    has_finished_.store(false, std::memory_order_relaxed);
    unfinished_ -= batch.size();
  }
  for (const auto& done : batch) {
    if (done) done();
  }
}

void OwnerThreads::look_at_clock() {
  now_ = base::MonotonicTime(std::chrono::steady_clock::now().time_since_epoch());
  timers_.run_due();
}

void OwnerThreads::wait(std::chrono::milliseconds time) {
  look_at_clock();
  {
    std::unique_lock lock(mutex_);
    wake_owner_.wait_for(lock, time, [this] { return !finished_.empty(); });
  }
  look_at_clock();
  run_finished();
}

void OwnerThreads::drain() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (unfinished_ == 0) return;
      wake_owner_.wait(lock, [this] { return !finished_.empty(); });
    }
    run_finished();
  }
}

}  // namespace distkv::bench
