// An ordered hash table: entries in (token, key) order with point access in constant time while
// tokens are spread evenly, which hashing sees to. The high bits of a token choose a region, the
// next ones a bucket; a bucket is a small ordered tree, so that any number of keys under one token
// stays logarithmic. A region doubles its buckets on its own, so no insert pays for the whole
// table. Walking regions, buckets and trees in turn is walking (token, key) order.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "storage/durability_gate.h"
#include "storage/engine.h"

namespace distkv::storage::map {

struct Place {
  base::Token token;
  std::string key;
};

struct PlaceView {
  PlaceView(base::Token at, std::string_view name) : token(at), key(name) {}
  PlaceView(const Place& place) : token(place.token), key(place.key) {}  // NOLINT: a view of it
  base::Token token;
  std::string_view key;
  friend auto operator<=>(const PlaceView&, const PlaceView&) = default;
};

// Lets the trees look a view up without building a string.
struct PlaceLess {
  using is_transparent = void;
  bool operator()(const PlaceView& a, const PlaceView& b) const {
    if (a.token != b.token) return a.token < b.token;
    return a.key < b.key;
  }
};

struct Slot {
  Entry entry;
  Sequence written;        // The newest write.
  Sequence written_group;  // The newest write under Durability::kGroup.
  bool is_erased = false;  // Stays until the erasure is durable: an absence can be pending too.
};

class TokenTable {
 public:
  using Tree = std::map<Place, Slot, PlaceLess>;

  TokenTable();

  // Null if there is none. Slots keep their address until removed.
  Slot* find(const PlaceView& place);
  // The slot, made empty if there was none.
  Slot& find_or_insert(const PlaceView& place);
  // Takes a slot out; the node keeps it, at its address, for as long as the caller wants.
  Tree::node_type remove(const PlaceView& place);

  // The first slot at or after `place` (after it if `is_after`); null at the end of the table.
  const Tree::value_type* seek(const PlaceView& place, bool is_after) const;

  size_t size() const { return size_; }

 private:
  struct Region {
    int bits = 0;  // log2 of the number of buckets.
    size_t size = 0;
    std::vector<Tree> buckets = std::vector<Tree>(1);
  };

  // 1024 regions hold a thousand keys each of a million: doubling one takes about 0.1 ms.
  static constexpr int kRegionBits = 10;
  static constexpr size_t kRegions = size_t{1} << kRegionBits;
  // Above this mean a region doubles; trees of one or two are searched in one step.
  static constexpr size_t kBucketLoadMax = 1;
  // Keys that share a token gain nothing from more buckets, so they stop at 4096 (4 M keys in all
  // at full speed, logarithmic beyond).
  static constexpr int kBucketBitsMax = 12;

  static size_t region_of(base::Token token) { return token.value() >> (64 - kRegionBits); }
  static size_t bucket_of(const Region& region, base::Token token) {
    return region.bits == 0 ? 0 : (token.value() << kRegionBits) >> (64 - region.bits);
  }
  static void grow(Region& region);

  std::vector<Region> regions_;
  size_t size_ = 0;
};

}  // namespace distkv::storage::map
