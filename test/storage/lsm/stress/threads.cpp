#include "storage/lsm/stress/threads.h"

#include <utility>

namespace distkv::storage::lsm::test {

Threads::Threads(size_t count) {
  for (size_t i = 0; i < count; ++i) threads_.emplace_back([this] { serve(); });
}

Threads::~Threads() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Threads::run(std::function<void()> work, std::function<void()> done) {
  ++unfinished_;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(work), std::move(done)});
  }
  wake_.notify_one();
}

bool Threads::run_finished() {
  std::vector<std::function<void()>> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (auto& done : finished) {
    --unfinished_;
    done();
    done = nullptr;  // What it holds goes on the owner's thread.
  }
  return !finished.empty();
}

void Threads::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return is_stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Item item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    item.work();
    item.work = nullptr;
    lock.lock();
    finished_.push_back(std::move(item.done));
  }
}

}  // namespace distkv::storage::lsm::test
