// An ordered hash table of one space. A token is a hash already, so its high bits choose a region,
// its next bits a bucket of the region, and what is in a bucket is kept in order: walking buckets
// one after the other is walking in (token, key) order.
//
//   token:  | region (12) | bucket (grows) | ...the rest orders the bucket |
//
// Invariant: a region's buckets are as many as its bits say, and each node lies in the bucket of
// its token. Each region grows on its own, so that no insert pays for the whole table, and a node
// that owns but a few slices of the ring has short chains too. Single owner; once nothing is
// inserted any more, any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/rng.h"
#include "storage/lsm/memtable/arena.h"
#include "storage/lsm/memtable/bucket.h"

namespace distkv::storage::lsm {

class OrderedTable {
 public:
  // A node of the table, and the bucket that comes after its own; null: at the end.
  struct Cursor {
    const EntryNode* node = nullptr;
    size_t region = 0;
    size_t bucket = 0;
  };
  // How the keys lie, for tests: what a search walks through without an index.
  struct Shape {
    size_t buckets = 0;
    size_t chain_longest = 0;  // Of buckets that have no index.
    size_t indexed = 0;
  };

  // `arena` is shared with the other tables of its owner and outlives this.
  explicit OrderedTable(Arena& arena) : arena_(arena), heights_(kHeightSeed) {}

  void prefetch(base::Token token) const;
  const EntryNode* find(const PlaceView& place) const;
  // The node of the place. A new one has no content yet, but room for `content_bytes` at
  // `content_begin()`.
  EntryNode* find_or_insert(const PlaceView& place, size_t content_bytes, bool& is_new);

  // The first node at or after the place.
  Cursor seek(const PlaceView& place) const;
  void advance(Cursor& cursor) const;

  size_t keys() const { return keys_; }
  Shape shape() const;

 private:
  static constexpr unsigned kRegionBits = 12;  // 4096: a doubling moves 1/4096 of the keys.
  static constexpr size_t kRegions = size_t{1} << kRegionBits;
  static constexpr unsigned kTokenBits = 64;
  static constexpr unsigned kBucketBitsFirst = 2;  // 32 bytes: half a cache line.
  static constexpr unsigned kBucketBitsMax = 32;   // Far above what memory holds.
  static constexpr unsigned kGrowthBits = 1;       // See grow().
  static constexpr size_t kLoadMax = 1;            // Keys a bucket, before a region grows.
  static constexpr size_t kSpreadMax = 8;          // Buckets a key, when tokens lie unevenly.
  static constexpr uint64_t kHeightSeed = 0x5eed;  // Any: heights do not depend on keys.

  struct Region {
    Bucket* buckets = nullptr;  // Null: nothing was inserted yet.
    uint32_t bits = 0;
    uint32_t chained = 0;  // Keys in buckets without an index.

    size_t size() const { return buckets == nullptr ? 0 : size_t{1} << bits; }
    size_t position(base::Token token) const {
      return token.value() << kRegionBits >> (kTokenBits - bits);
    }
    Bucket& at(base::Token token) const { return buckets[position(token)]; }
  };

  static size_t region_of(base::Token token) { return token.value() >> (kTokenBits - kRegionBits); }

  Region& region_for(base::Token token);
  EntryNode* make_node(const PlaceView& place, size_t content_bytes, uint8_t height);
  uint8_t draw_height();
  Bucket* make_buckets(uint32_t bits);
  void relieve(Region& region, base::Token token);
  bool is_worth_growing(const Region& region, const Bucket& bucket) const;
  void grow(Region& region);
  void skip_empty(Cursor& cursor) const;

  Arena& arena_;
  base::Rng heights_;
  std::unique_ptr<Region[]> regions_;  // Null until the first insert.
  size_t keys_ = 0;
};

}  // namespace distkv::storage::lsm
