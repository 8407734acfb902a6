// Executors under a test's hand.
#pragma once

#include <deque>
#include <functional>

#include "base/rng.h"
#include "storage/executor.h"

namespace distkv::storage::test {

// Does everything within the call.
class InlineExecutor : public Executor {
 public:
  void run(std::function<void()> work, std::function<void()> done) override;
};

// Does nothing until told to, one half of an item at a time.
class SteppedExecutor : public Executor {
 public:
  // `threads` items may be between work and done at once, and finish in any order.
  explicit SteppedExecutor(size_t threads) : threads_(threads) {}
  void run(std::function<void()> work, std::function<void()> done) override;
  bool is_idle() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  void step(base::Rng& rng);
  // Forgets everything: the program has died.
  void clear() { items_.clear(); }

 private:
  struct Item {
    std::function<void()> work;
    std::function<void()> done;
    bool is_worked = false;
  };
  size_t threads_;
  std::deque<Item> items_;
};

}  // namespace distkv::storage::test
