// The keys of one slot of the table: a chain in (token, key) order, and an index above it where it
// grew long, which only many keys under one token (or very near ones) can make it.
//
// Invariant: the chain is ascending and holds each place once; without an index it is shorter than
// kChainMax. All in one word, so that an absent key is mostly known by one cache line:
//
//   63          52 51      48 47                                    1   0
//   | filter (12) | length (4) | address of the chain or the index | is indexed |
//
// Source of the index: Pugh, Skip Lists (1990).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/lsm/memtable/arena.h"
#include "storage/lsm/memtable/entry_node.h"

namespace distkv::storage::lsm {

// The upper levels of a skip list whose lowest level is the chain itself.
struct BucketIndex {
  static constexpr size_t kHeightMax = 12;  // A fourth climbs a level: good for 4^12 keys.

  EntryNode* first = nullptr;
  std::array<EntryNode*, kHeightMax> heads{};
};

// Where a place is, or would be put, within a bucket.
struct BucketSpot {
  EntryNode* before = nullptr;  // Null: at the front.
  EntryNode* at = nullptr;      // The first node not before the place; null: at the end.
  std::array<EntryNode*, BucketIndex::kHeightMax> above{};  // `before` on each level of the index.
};

class Bucket {
 public:
  // At this length a chain gets an index: a dozen nodes are about as many cache misses as the
  // search of an index takes. Fits the word's field.
  static constexpr size_t kChainMax = 12;

  bool is_empty() const { return word_ == 0; }
  bool is_indexed() const { return (word_ & kIndexed) != 0; }
  // Meaningful without an index only.
  size_t length() const { return word_ >> kLengthShift & kLengthMask; }
  // False: no key with this token is here.
  bool may_hold(base::Token token) const { return (word_ & filter_bit(token)) != 0; }
  // Null if empty.
  const EntryNode* first() const;
  // The node or the index its search begins with, to be fetched ahead.
  const void* address() const { return reinterpret_cast<const void*>(word_ & kAddressMask); }

  // The first node not before `place`, or null.
  const EntryNode* seek(const PlaceView& place) const;
  BucketSpot spot(const PlaceView& place) const;
  // Puts `node` at `spot`, which is fresh. A chain may become kChainMax long by it: then the caller
  // splits or indexes it before anything else is inserted.
  void insert(EntryNode* node, const BucketSpot& spot);
  // Puts an index above the chain; later nodes may have a tower.
  void add_index(Arena& arena);

  // Hands the nodes out to the `1 << bits` buckets `parts`, all empty: part i gets the tokens that
  // have i in the `bits` bits from `shift` on. The order is kept. This bucket must not be used
  // again.
  void split(unsigned shift, unsigned bits, Bucket* parts, Arena& arena) const;

 private:
  static constexpr uint64_t kIndexed = 1;
  static constexpr unsigned kLengthShift = 48;
  static constexpr uint64_t kLengthMask = 15;
  static constexpr unsigned kFilterShift = 52;
  static constexpr uint64_t kFilterBits = 12;
  static constexpr uint64_t kFilterMask = ~uint64_t{0} << kFilterShift;
  // User addresses have 47 or 48 bits unless a mapping asks for more.
  static constexpr uint64_t kAddressMask = (uint64_t{1} << kLengthShift) - 1 - kIndexed;

  static uint64_t filter_bit(base::Token token) {
    return uint64_t{1} << (kFilterShift + ((token.value() & 0xffff) * kFilterBits >> 16));
  }
  EntryNode* chain() const { return reinterpret_cast<EntryNode*>(word_ & kAddressMask); }
  BucketIndex* index() const { return reinterpret_cast<BucketIndex*>(word_ & kAddressMask); }
  void set_index(const BucketIndex* index);
  void set_first(EntryNode* node);
  void count(const EntryNode& node) {
    word_ += uint64_t{1} << kLengthShift;
    word_ |= filter_bit(node.token);
  }

  BucketSpot spot_by_index(const PlaceView& place) const;
  void split_chain(unsigned shift, uint64_t mask, Bucket* parts) const;
  void split_index(unsigned shift, uint64_t mask, Bucket* parts, Arena& arena) const;

  uint64_t word_ = 0;
};

}  // namespace distkv::storage::lsm
