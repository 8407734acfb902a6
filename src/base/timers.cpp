#include "base/timers.h"

#include <algorithm>

namespace distkv::base {

TimerId Timers::start(Duration delay, std::function<void()> callback) {
  const TimerId id{clock_.now() + std::max(delay, Duration::zero()), ++last_sequence_};
  pending_.emplace(id, std::move(callback));
  return id;
}

void Timers::stop(TimerId& id) {
  pending_.erase(id);
  id = TimerId{};
}

std::optional<MonotonicTime> Timers::next_deadline() const {
  if (pending_.empty()) return std::nullopt;
  return pending_.begin()->first.deadline;
}

size_t Timers::run_due() {
  const MonotonicTime now = clock_.now();
  const uint64_t newest = last_sequence_;
  size_t ran = 0;
  auto next = pending_.begin();
  while (next != pending_.end() && next->first.deadline <= now) {
    if (next->first.sequence > newest) {
      ++next;
      continue;
    }
    const TimerId id = next->first;
    std::function<void()> callback = std::move(next->second);
    pending_.erase(next);
    callback();
    ++ran;
    next = pending_.upper_bound(id);
  }
  return ran;
}

}  // namespace distkv::base
