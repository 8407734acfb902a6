#include "sim/sim_executor.h"

#include <utility>

namespace distkv::sim {

namespace {
// From the end of the work to the owner's loop.
constexpr base::Duration kAnswerDelay = std::chrono::microseconds(20);
}  // namespace

SimExecutor::SimExecutor(Scheduler& scheduler, base::Rng rng, size_t threads, Hand hand)
    : scheduler_(scheduler), rng_(rng), threads_(threads), hand_(std::move(hand)) {}

void SimExecutor::run(std::function<void()> work, std::function<void()> done) {
  waiting_.push_back(std::make_shared<Item>(Item{std::move(work), std::move(done)}));
  start();
}

void SimExecutor::start() {
  while (busy_ < threads_ && !waiting_.empty()) {
    ++busy_;
    scheduler_.after(draw(rng_, delay_), [this, life = life_, item = waiting_.front()] {
      if (life != life_) return;
      hand_([this, life, item] {
        if (life == life_) finish(item);
      });
    });
    waiting_.pop_front();
  }
}

void SimExecutor::finish(const std::shared_ptr<Item>& item) {
  item->work();
  --busy_;
  scheduler_.after(kAnswerDelay, [this, life = life_, item] {
    if (life != life_) return;
    hand_([this, life, item] {
      if (life == life_) item->done();
    });
  });
  start();
}

void SimExecutor::forget() {
  ++life_;
  busy_ = 0;
  waiting_.clear();
}

}  // namespace distkv::sim
