#include "base/timers.h"

#include <algorithm>

namespace distkv::base {

TimerId Timers::start(Duration delay, std::function<void()> callback) {
  delay = std::max(delay, Duration::zero());
  const uint32_t at = take_slot();
  const TimerId id{clock_.now() + delay, ++last_sequence_, at};
  Slot& slot = slots_[at];
  slot.id = id;
  slot.callback = std::move(callback);
  slot.queue = queue_for(delay, id.deadline);
  if (slot.queue == kNone) {
    rare_.emplace(id, at);
  } else {
    append(slot.queue, at);
  }
  ++size_;
  return id;
}

uint32_t Timers::take_slot() {
  if (free_ == kNone) {
    slots_.emplace_back();
    return static_cast<uint32_t>(slots_.size() - 1);
  }
  const uint32_t at = free_;
  free_ = slots_[at].next;
  return at;
}

// None: all queues are in use for other durations, or the clock went back.
uint32_t Timers::queue_for(Duration delay, MonotonicTime deadline) {
  uint32_t empty = kNone;
  for (uint32_t i = 0; i < kQueues; ++i) {
    const Queue& queue = queues_[i];
    if (queue.first == kNone) {
      empty = i;
    } else if (queue.delay == delay) {
      return slots_[queue.last].id.deadline <= deadline ? i : kNone;
    }
  }
  if (empty != kNone) queues_[empty].delay = delay;
  return empty;
}

void Timers::append(uint32_t queue, uint32_t slot) {
  const uint32_t last = std::exchange(queues_[queue].last, slot);
  slots_[slot].previous = last;
  slots_[slot].next = kNone;
  (last == kNone ? queues_[queue].first : slots_[last].next) = slot;
}

std::function<void()> Timers::remove(uint32_t at) {
  Slot& slot = slots_[at];
  if (slot.queue == kNone) {
    rare_.erase(slot.id);
  } else {
    Queue& queue = queues_[slot.queue];
    (slot.previous == kNone ? queue.first : slots_[slot.previous].next) = slot.next;
    (slot.next == kNone ? queue.last : slots_[slot.next].previous) = slot.previous;
  }
  slot.id = TimerId{};
  slot.next = std::exchange(free_, at);
  --size_;
  return std::exchange(slot.callback, nullptr);
}

void Timers::stop(TimerId& id) {
  const TimerId stopped = std::exchange(id, TimerId{});
  if (stopped.sequence == 0 || slots_[stopped.slot].id != stopped) return;
  // Destroyed when the slot is free again: what it holds may stop timers itself.
  const std::function<void()> callback = remove(stopped.slot);
}

std::optional<MonotonicTime> Timers::next_deadline() const {
  std::optional<MonotonicTime> next;
  if (!rare_.empty()) next = rare_.begin()->first.deadline;
  for (const Queue& queue : queues_) {
    if (queue.first == kNone) continue;
    const MonotonicTime deadline = slots_[queue.first].id.deadline;
    if (!next || deadline < *next) next = deadline;
  }
  return next;
}

// Of those started up to `newest`. In a queue whatever follows one that is newer is newer too.
const TimerId* Timers::first_due(MonotonicTime now, uint64_t newest) const {
  const TimerId* first = nullptr;
  for (const Queue& queue : queues_) {
    if (queue.first == kNone) continue;
    const TimerId& id = slots_[queue.first].id;
    if (id.deadline <= now && id.sequence <= newest && (!first || id < *first)) first = &id;
  }
  for (const auto& [id, slot] : rare_) {
    if (id.deadline > now || (first && *first < id)) break;
    if (id.sequence <= newest) return &slots_[slot].id;
  }
  return first;
}

size_t Timers::run_due() {
  const MonotonicTime now = clock_.now();
  const uint64_t newest = last_sequence_;
  size_t ran = 0;
  while (const TimerId* due = first_due(now, newest)) {
    const std::function<void()> callback = remove(due->slot);
    callback();
    ++ran;
  }
  return ran;
}

}  // namespace distkv::base
