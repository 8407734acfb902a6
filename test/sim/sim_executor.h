// Threads of a simulated program, for an engine's work away from its owner: each item takes a drawn
// time, then runs at one instant; its answer reaches the owner a moment later. They stand still
// while the program does.
//
// Invariant: with one thread items and their answers keep their order.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "base/rng.h"
#include "sim/chance.h"
#include "sim/scheduler.h"
#include "storage/executor.h"

namespace distkv::sim {

class SimExecutor : public storage::Executor {
 public:
  // Hands an event to the program, now or later, or never if it is gone.
  using Hand = std::function<void(std::function<void()>)>;

  // `scheduler` outlives this.
  SimExecutor(Scheduler& scheduler, base::Rng rng, size_t threads, Hand hand);

  void run(std::function<void()> work, std::function<void()> done) override;
  // From the next item on.
  void set_delay(Spread delay) { delay_ = delay; }
  // The program is gone, and with it all that it asked for.
  void forget();

 private:
  struct Item {
    std::function<void()> work;
    std::function<void()> done;
  };

  void start();
  void finish(const std::shared_ptr<Item>& item);

  Scheduler& scheduler_;
  base::Rng rng_;
  size_t threads_;
  Hand hand_;
  Spread delay_{};
  uint64_t life_ = 1;
  size_t busy_ = 0;
  std::deque<std::shared_ptr<Item>> waiting_;
};

}  // namespace distkv::sim
