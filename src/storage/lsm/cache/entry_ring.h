// The bytes of the object cache: records one after the other in a ring, found by position.
// Positions grow for ever, in units of 8 bytes; a record lies at its position modulo the ring's
// size, in one piece. Invariant: a position is live exactly as long as nothing was written over its
// record.
//
//   record: | token 8 | key length 4 | meta length 4 | value length 4 | space 4 |
//           | key | meta | value | 0 to 7 unused |
//
//   ring:   | record | record |..head: the oldest, overtaken next..| record | record | unused |
//                                                                               no record wraps
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/types.h"
#include "storage/engine.h"

namespace distkv::storage::lsm {

// In units of EntryRing::kUnitBytes. 0: no record, of any ring.
using RingPosition = base::Strong<struct RingPositionTag, uint64_t>;

class EntryRing {
 public:
  static constexpr size_t kUnitBytes = 8;
  // A position fits 48 bits. 2 PiB later the ring is worn out and must be started again.
  static constexpr uint64_t kPositionMax = (uint64_t{1} << 48) - 1;

  // Memory of `bytes` (0 keeps nothing) is taken with the first record, and by the system as it is
  // written. `first`: where positions begin, if later than they must.
  explicit EntryRing(size_t bytes, RingPosition first = {});

  // What a record of the entry takes.
  static size_t bytes_of(const KeyRef& key, const EntryView& entry);

  bool is_live(RingPosition position) const { return position.value() + size_ >= head_; }
  // In the older half: overtaken before as much again is written.
  bool is_old(RingPosition position) const { return position.value() + size_ / 2 < head_; }
  // Live positions only. The views live until the next append, renew or restart.
  bool is_of(RingPosition position, const KeyRef& key) const;
  EntryView at(RingPosition position) const;

  // Writes a record at the head; it fits the ring. Views into the ring must not be given.
  RingPosition append(const KeyRef& key, const EntryView& entry);
  // Copies a live record to the head.
  RingPosition renew(RingPosition position);
  // Makes every position so far not live. Cheap.
  void forget_all() { head_ += size_ + 1; }

  // Positions are used up: what follows may fail to stay below kPositionMax. restart() begins anew;
  // no position from before may be asked for again.
  bool is_worn_out() const { return head_ + 4 * size_ >= kPositionMax; }
  void restart() { head_ = size_ + 1; }

  // Of the memory, what was written at least once.
  size_t bytes() const { return written_ * kUnitBytes; }

 private:
  struct Record;

  static uint64_t units_of(const Record& record);
  char* address(uint64_t position) const { return memory_.get() + position % size_ * kUnitBytes; }
  const Record& record(RingPosition position) const;
  uint64_t take(uint64_t units);

  uint64_t size_;  // In units, as are the next two.
  uint64_t head_;  // Where the next record begins, unless it does not fit before the end.
  uint64_t written_ = 0;
  std::unique_ptr<char[]> memory_;
};

}  // namespace distkv::storage::lsm
