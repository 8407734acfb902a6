// Whole entries kept in memory because they were read twice. Not blocks: keys are in hash order,
// so a hot entry's neighbours are cold (Kangaroo, SOSP 2021, makes the same point).
//
// Entries lie in one ring of bytes, newest at the head; what the head overtakes is gone, unless it
// was hit since it was written, then it moves to the head (a FIFO with second chances). The index
// is set-associative and holds no pointers, so nothing is allocated after the first use. A key is
// admitted at its second miss within the last few; scans never come here.
//
//   set of the index, one cache line: | slot | slot | ... 8 ... |
//   slot: | tag of the hash (16) | position in the ring, in units (48) |    0: empty
//
// Invariant: a key has at most one slot whose position is live and of that key.
//
// Single owner. Invariant kept by the caller: a key that is written is erased here first, so the
// cache never disagrees with the tables.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/engine.h"
#include "storage/lsm/cache/entry_ring.h"
#include "storage/lsm/cache/zeroed_array.h"
#include "storage/lsm/row.h"

namespace distkv::storage::lsm {

class ObjectCache {
 public:
  // 0 bytes: an empty cache that admits nothing. Memory is taken as it is first used.
  // `first`: see EntryRing.
  explicit ObjectCache(uint64_t bytes_max, RingPosition first = {});

  // `hash` is hash_of({key.token, key.key}) (row.h) in all calls.
  void prefetch(uint64_t hash) const;
  // The views live until the next call that is not const.
  std::optional<EntryView> find(uint64_t hash, const KeyRef& key);
  // After a miss: keeps the entry if the key missed lately already, or replaces it if it is here.
  // Entries over 1/64 of the cache are never kept. The entry's views must not be the cache's own.
  void offer(uint64_t hash, const KeyRef& key, const EntryView& entry);
  // One cache line if the key is not here.
  void erase(uint64_t hash, const KeyRef& key);
  // Forgets everything (a drop of a range, a quarantine).
  void clear();

  // Memory taken, index included; at most `bytes_max`.
  uint64_t bytes() const;
  uint64_t hits() const { return hits_; }
  uint64_t misses() const { return misses_; }

 private:
  static constexpr size_t kWays = 8;  // A set is a cache line.
  // Bytes of the cache for each slot of the index: an entry of 100 bytes fills about 0.8 of them,
  // so that few sets are full before the ring has come round. Takes 1/16 of the memory.
  static constexpr uint64_t kBytesPerSlot = 128;
  static constexpr uint64_t kSlotsMax = UINT32_MAX;  // Half a hash must reach each; half a TB.
  static constexpr uint64_t kEntriesMin = 64;        // The largest entry is a 64th of the cache.
  static constexpr size_t kRenewalsMax = 16;         // An offer stays short though all were hit.
  static constexpr unsigned kTagShift = 48;

  struct alignas(64) Set {
    std::array<uint64_t, kWays> slots;
  };

  static uint64_t slot_for(uint64_t hash, RingPosition position) {
    return hash << kTagShift | position.value();
  }
  static RingPosition position_in(uint64_t slot) {
    return RingPosition(slot & EntryRing::kPositionMax);
  }
  // The high half of the hash, scaled; tag and fingerprint take other bits.
  size_t set_of(uint64_t hash) const { return (hash >> 32) * set_count_ >> 32; }

  uint64_t* slot_of(uint64_t hash, const KeyRef& key);
  uint64_t* slot_of_oldest();
  void make_room(size_t bytes);
  uint64_t& slot_to_reuse(uint64_t hash);
  bool is_admitted(uint64_t hash);
  void begin_again();
  void make_index();

  uint64_t bytes_max_;
  uint64_t set_count_;
  EntryRing ring_;
  ZeroedArray<Set> sets_;               // Empty until the first offer.
  ZeroedArray<uint16_t> fingerprints_;  // Of keys that missed lately, as many as there are slots.
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

}  // namespace distkv::storage::lsm
