#include "sim/scheduler.h"

#include <algorithm>
#include <utility>

namespace distkv::sim {

bool Scheduler::is_later(const Event& a, const Event& b) {
  return a.when != b.when ? a.when > b.when : a.sequence > b.sequence;
}

void Scheduler::at(base::MonotonicTime when, std::function<void()> event) {
  queue_.push_back({std::max(when, now_), ++last_sequence_, std::move(event)});
  std::push_heap(queue_.begin(), queue_.end(), is_later);
}

bool Scheduler::step() {
  if (queue_.empty()) return false;
  std::pop_heap(queue_.begin(), queue_.end(), is_later);
  Event event = std::move(queue_.back());
  queue_.pop_back();
  now_ = event.when;
  ++events_run_;
  event.run();
  return true;
}

void Scheduler::run_until(base::MonotonicTime until) {
  while (!queue_.empty() && queue_.front().when <= until) step();
  now_ = std::max(now_, until);
}

}  // namespace distkv::sim
