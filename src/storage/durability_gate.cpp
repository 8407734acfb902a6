#include "storage/durability_gate.h"

#include <iterator>
#include <utility>

#include "base/check.h"

namespace distkv::storage {

Sequence DurabilityGate::next() {
  visible_ = Sequence{visible_.value() + 1};
  return visible_;
}

void DurabilityGate::wait(Sequence sequence, Done done) {
  DISTKV_CHECK(sequence <= visible_);
  if (holds_ == 0 && is_due(sequence)) return done(failure_);
  // Nearly always at the end: most wait for what they have just written.
  auto place = waiters_.end();
  while (place != waiters_.begin() && std::prev(place)->sequence > sequence) --place;
  waiters_.insert(place, {sequence, std::move(done)});
}

void DurabilityGate::advance(Sequence sequence) {
  DISTKV_CHECK(sequence <= visible_);
  DISTKV_CHECK(durable_ <= sequence);
  durable_ = sequence;
  deliver();
}

void DurabilityGate::fail(base::Status why) {
  DISTKV_CHECK(!why.is_ok());
  if (failure_.is_ok()) failure_ = std::move(why);
  deliver();
}

void DurabilityGate::release() {
  DISTKV_CHECK(holds_ > 0);
  --holds_;
}

void DurabilityGate::deliver() {
  // A waiter may call back into the engine, so it leaves the queue before it runs.
  while (holds_ == 0 && !waiters_.empty() && is_due(waiters_.front().sequence)) {
    const Waiter first = std::move(waiters_.front());
    waiters_.pop_front();
    first.done(failure_);
  }
}

}  // namespace distkv::storage
