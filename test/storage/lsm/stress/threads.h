// An executor of real threads, whose owner asks for what has finished: the stress test's. One mutex
// guards both queues.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/executor.h"

namespace distkv::storage::lsm::test {

class Threads : public Executor {
 public:
  explicit Threads(size_t count);
  // Finishes what was begun; nobody is told.
  ~Threads() override;

  // Owner only, like the rest.
  void run(std::function<void()> work, std::function<void()> done) override;
  // Runs every `done` whose work has returned; false if there was none.
  bool run_finished();
  bool is_idle() const { return unfinished_ == 0; }

 private:
  struct Item {
    std::function<void()> work;
    std::function<void()> done;
  };

  void serve();

  size_t unfinished_ = 0;  // Owner's: given to run() and not told yet.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  std::vector<std::function<void()>> finished_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace distkv::storage::lsm::test
