// Answers that leave no earlier than the pace of a store under pressure allows, in the order of
// their writes. Single owner; nothing here waits, a timer of the owner lets them go.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "base/clock.h"
#include "base/timers.h"
#include "storage/engine.h"
#include "storage/lsm/pacer.h"

namespace distkv::storage::lsm {

class PacedAnswers {
 public:
  // Both must outlive this.
  PacedAnswers(base::Timers& timers, const base::Clock& clock) : timers_(timers), clock_(clock) {}
  ~PacedAnswers() { timers_.stop(timer_); }
  PacedAnswers(const PacedAnswers&) = delete;
  PacedAnswers& operator=(const PacedAnswers&) = delete;

  // Charges a write of `bytes` at `pressure`, and what answers it: `done` itself if it need not be
  // held, else something that holds it once it is called.
  Done pace(Done done, uint64_t bytes, double pressure);
  // Gives all that is held, and holds nothing more: the store has failed.
  void hurry();

 private:
  struct Held {
    base::MonotonicTime until;
    std::function<void()> answer;
  };

  void release();

  base::Timers& timers_;
  const base::Clock& clock_;
  Pacer pacer_;
  std::deque<Held> held_;
  base::TimerId timer_;
  bool is_releasing_ = false;
  bool is_hurried_ = false;
};

}  // namespace distkv::storage::lsm
