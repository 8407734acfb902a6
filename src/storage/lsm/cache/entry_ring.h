// The bytes of the object cache: records one after the other in a ring, found by position.
// Positions grow for ever, in units of 8 bytes; a record lies at its position modulo the ring's
// size, in one piece. Invariant: records from the tail to the head are whole; a position is live
// exactly if the tail has not passed it.
//
//   record: | hash 8 | token 8 | key length 4 | meta length 4 | value length 4 | space 1 | hit 1 |
//           | 2 unused | key | meta | value | 0 to 7 unused |
//
//   ring:   | newer | newest |head: unused  tail:| oldest | older | ... | unused |
//                                                                  no record wraps
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

  bool is_live(RingPosition position) const { return position.value() >= tail_; }
  // Live positions only. The views live until the next append or renewal.
  bool is_of(RingPosition position, const KeyRef& key) const;
  EntryView at(RingPosition position) const;

  void mark_hit(RingPosition position);
  bool is_hit(RingPosition position) const;

  // Whether a record of `bytes` can be appended without overtaking any.
  bool has_room(size_t bytes) const;
  // What is overtaken next; there is one if there is no room.
  RingPosition oldest() const { return RingPosition(tail_); }
  uint64_t hash_at(RingPosition position) const;
  // The oldest was hit, and there is room for it where it would go.
  bool is_oldest_renewable() const;
  // Moves it to the head, no longer hit.
  RingPosition renew_oldest();
  void drop_oldest();

  // Writes a record at the head, overtaking what it must; it is at most half of the ring. Views
  // into the ring must not be given.
  RingPosition append(uint64_t hash, const KeyRef& key, const EntryView& entry);
  // Makes every position so far not live. Cheap.
  void forget_all() { tail_ = head_; }

  // Positions are used up: what follows may fail to stay below kPositionMax. restart() begins anew;
  // no position from before may be asked for again.
  bool is_worn_out() const { return head_ + 4 * size_ >= kPositionMax; }
  void restart() { head_ = tail_ = size_ + 1; }

  // Of the memory, what was written at least once.
  size_t bytes() const { return written_ * kUnitBytes; }

 private:
  struct Record;

  static uint64_t units_of(const Record& record);
  char* address(uint64_t position) const { return memory_.get() + position % size_ * kUnitBytes; }
  Record& record(RingPosition position) const;
  uint64_t place_for(uint64_t units) const;
  uint64_t take(uint64_t units);

  uint64_t size_;         // In units, as are the next four.
  uint64_t head_;         // Where the next record begins, unless it does not fit before the end.
  uint64_t tail_;         // Where the oldest record begins; the head if there is none.
  uint64_t lap_end_ = 0;  // Where the head last jumped to the start of the ring.
  uint64_t written_ = 0;
  std::unique_ptr<char[]> memory_;
};

}  // namespace distkv::storage::lsm
