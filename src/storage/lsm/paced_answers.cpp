#include "storage/lsm/paced_answers.h"

#include <utility>

namespace distkv::storage::lsm {

Done PacedAnswers::pace(Done done, uint64_t bytes, double pressure) {
  const base::MonotonicTime now = clock_.now();
  const base::MonotonicTime until = pacer_.charge(now, bytes, pressure);
  if (until == now && held_.empty()) return done;
  return [this, until, done = std::move(done)](const base::Status& status) {
    held_.push_back({until, [done, status] { done(status); }});
    release();
  };
}

void PacedAnswers::hurry() {
  is_hurried_ = true;
  release();
}

void PacedAnswers::release() {
  if (is_releasing_) return;
  is_releasing_ = true;
  const base::MonotonicTime now = clock_.now();
  while (!held_.empty() && (is_hurried_ || held_.front().until <= now)) {
    const auto answer = std::move(held_.front().answer);
    held_.pop_front();
    answer();
  }
  is_releasing_ = false;
  timers_.stop(timer_);
  if (held_.empty()) return;
  timer_ = timers_.start(held_.front().until - now, [this] { release(); });
}

}  // namespace distkv::storage::lsm
