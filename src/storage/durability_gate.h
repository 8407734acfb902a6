// Who waits for which write to become durable. Writes are numbered in the order they became
// visible and become durable in that order, so one number says how far the disk has come.
// Invariant: a waiter is told once, in the order of the numbers waited for; after a failure every
// waiter, present and future, is told that failure and nothing else.
#pragma once

#include <cstdint>
#include <deque>

#include "base/result.h"
#include "base/types.h"
#include "storage/engine.h"

namespace distkv::storage {

// The place of a write in its engine's order; 0 stands before the first.
using Sequence = base::Strong<struct SequenceTag, uint64_t>;

class DurabilityGate {
 public:
  // Everything up to `start` is durable already.
  explicit DurabilityGate(Sequence start = {}) : visible_(start), durable_(start) {}

  // The number of a write that becomes visible now.
  Sequence next();
  // The newest visible write, and the newest of those that are durable.
  Sequence visible() const { return visible_; }
  Sequence durable() const { return durable_; }
  bool is_durable(Sequence sequence) const { return sequence <= durable_; }
  const base::Status& failure() const { return failure_; }

  // Runs `done` once `sequence` is durable: at once if it is, or if the engine has failed.
  void wait(Sequence sequence, Done done);
  // Everything up to `sequence` is durable: tells those who waited for it.
  void advance(Sequence sequence);
  // Fail-stop: tells everybody `why`. Only the first failure counts.
  void fail(base::Status why);

  // Between hold and release nobody is told anything, so that a disk that answers from within a
  // call cannot say "durable" before the caller has said "visible".
  void hold() { ++holds_; }
  void release();
  // Tells everyone who may know.
  void deliver();

 private:
  bool is_due(Sequence sequence) const { return !failure_.is_ok() || is_durable(sequence); }

  Sequence visible_;
  Sequence durable_;
  base::Status failure_;
  int holds_ = 0;
  struct Waiter {
    Sequence sequence;
    Done done;
  };
  std::deque<Waiter> waiters_;  // Ascending; equal numbers keep the order of their calls.
};

}  // namespace distkv::storage
