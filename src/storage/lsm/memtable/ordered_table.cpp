#include "storage/lsm/memtable/ordered_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace distkv::storage::lsm {

void OrderedTable::prefetch(base::Token token) const {
  if (regions_ == nullptr) return;
  const Region& region = regions_[region_of(token)];
  if (region.buckets != nullptr) __builtin_prefetch(&region.at(token));
}

const EntryNode* OrderedTable::find(const PlaceView& place) const {
  if (regions_ == nullptr) return nullptr;
  const Region& region = regions_[region_of(place.token)];
  if (region.buckets == nullptr) return nullptr;
  const Bucket& bucket = region.at(place.token);
  if (!bucket.may_hold(place.token)) return nullptr;
  const EntryNode* node = bucket.seek(place);
  return node != nullptr && node->is_at(place) ? node : nullptr;
}

EntryNode* OrderedTable::find_or_insert(const PlaceView& place, size_t content_bytes,
                                        bool& is_new) {
  Region& region = region_for(place.token);
  Bucket& bucket = region.at(place.token);
  const BucketSpot spot = bucket.spot(place);
  is_new = spot.at == nullptr || !spot.at->is_at(place);
  if (!is_new) return spot.at;

  const bool is_indexed = bucket.is_indexed();
  EntryNode* node = make_node(place, content_bytes, is_indexed ? draw_height() : uint8_t{0});
  bucket.insert(node, spot);
  ++keys_;
  if (!is_indexed) {
    ++region.chained;
    relieve(region, place.token);
  }
  return node;
}

OrderedTable::Region& OrderedTable::region_for(base::Token token) {
  if (regions_ == nullptr) regions_ = std::make_unique<Region[]>(kRegions);
  Region& region = regions_[region_of(token)];
  if (region.buckets == nullptr) {
    region.bits = kBucketBitsFirst;
    region.buckets = make_buckets(region.bits);
  }
  return region;
}

EntryNode* OrderedTable::make_node(const PlaceView& place, size_t content_bytes, uint8_t height) {
  DISTKV_CHECK(place.key.size() <= std::numeric_limits<uint32_t>::max());
  char* memory = arena_.allocate(sizeof(EntryNode) + height * sizeof(EntryNode*) +
                                 place.key.size() + content_bytes);
  EntryNode* node = std::construct_at(reinterpret_cast<EntryNode*>(memory));
  node->token = place.token;
  node->height = height;
  node->key_bytes = static_cast<uint32_t>(place.key.size());
  std::copy(place.key.begin(), place.key.end(), node->key_begin());
  return node;
}

uint8_t OrderedTable::draw_height() {
  constexpr uint64_t kStop = uint64_t{1} << (2 * BucketIndex::kHeightMax);
  return static_cast<uint8_t>(std::countr_zero(heights_.next() | kStop) / 2);
}

Bucket* OrderedTable::make_buckets(uint32_t bits) {
  const size_t count = size_t{1} << bits;
  auto* buckets = reinterpret_cast<Bucket*>(arena_.allocate(count * sizeof(Bucket)));
  std::uninitialized_default_construct_n(buckets, count);
  return buckets;
}

// After an insert: brings the region's load and the length of the bucket's chain under their
// bounds again.
void OrderedTable::relieve(Region& region, base::Token token) {
  if (region.chained > region.size() * kLoadMax && region.bits < kBucketBitsMax) grow(region);
  while (region.at(token).length() >= Bucket::kChainMax && !region.at(token).is_indexed()) {
    Bucket& bucket = region.at(token);
    if (is_worth_growing(region, bucket)) {
      grow(region);
    } else {
      region.chained -= static_cast<uint32_t>(bucket.length());
      bucket.add_index(arena_);
    }
  }
}

// Growing takes a long chain apart if its tokens differ in the next bits; it must not cost much
// more memory than there are keys.
bool OrderedTable::is_worth_growing(const Region& region, const Bucket& bucket) const {
  if (region.bits >= kBucketBitsMax || region.size() > region.chained * kSpreadMax) return false;
  const EntryNode* last = bucket.first();
  while (last->next != nullptr) last = last->next;
  const unsigned unused = kTokenBits - kRegionBits - region.bits - kGrowthBits;
  return bucket.first()->token.value() >> unused != last->token.value() >> unused;
}

void OrderedTable::grow(Region& region) {
  const uint32_t bits = region.bits + kGrowthBits;
  Bucket* buckets = make_buckets(bits);
  for (size_t i = 0; i < region.size(); ++i) __builtin_prefetch(region.buckets[i].address());
  for (size_t i = 0; i < region.size(); ++i) {
    if (region.buckets[i].is_empty()) continue;
    region.buckets[i].split(kTokenBits - kRegionBits - bits, kGrowthBits,
                            buckets + (i << kGrowthBits), arena_);
  }
  region.buckets = buckets;
  region.bits = bits;
}

OrderedTable::Cursor OrderedTable::seek(const PlaceView& place) const {
  Cursor cursor;
  if (regions_ == nullptr) return cursor;
  cursor.region = region_of(place.token);
  const Region& region = regions_[cursor.region];
  if (region.buckets != nullptr) {
    cursor.bucket = region.position(place.token);
    cursor.node = region.buckets[cursor.bucket].seek(place);
    ++cursor.bucket;
  }
  skip_empty(cursor);
  return cursor;
}

void OrderedTable::advance(Cursor& cursor) const {
  cursor.node = cursor.node->next;
  skip_empty(cursor);
}

// Makes a cursor whose bucket is used up point to the first node of the next that has one.
void OrderedTable::skip_empty(Cursor& cursor) const {
  for (; cursor.node == nullptr && cursor.region < kRegions; ++cursor.region, cursor.bucket = 0) {
    const Region& region = regions_[cursor.region];
    while (cursor.node == nullptr && cursor.bucket < region.size()) {
      cursor.node = region.buckets[cursor.bucket++].first();
    }
    if (cursor.node != nullptr) return;
  }
}

OrderedTable::Shape OrderedTable::shape() const {
  Shape shape;
  for (size_t i = 0; regions_ != nullptr && i < kRegions; ++i) {
    const Region& region = regions_[i];
    shape.buckets += region.size();
    for (size_t j = 0; j < region.size(); ++j) {
      const Bucket& bucket = region.buckets[j];
      shape.indexed += bucket.is_indexed() ? 1 : 0;
      if (!bucket.is_indexed())
        shape.chain_longest = std::max(shape.chain_longest, bucket.length());
    }
  }
  return shape;
}

}  // namespace distkv::storage::lsm
