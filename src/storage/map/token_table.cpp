#include "storage/map/token_table.h"

#include <utility>

namespace distkv::storage::map {

TokenTable::TokenTable() : regions_(kRegions) {}

Slot* TokenTable::find(const PlaceView& place) {
  Region& region = regions_[region_of(place.token)];
  Tree& tree = region.buckets[bucket_of(region, place.token)];
  const auto found = tree.find(place);
  return found == tree.end() ? nullptr : &found->second;
}

Slot& TokenTable::find_or_insert(const PlaceView& place) {
  Region& region = regions_[region_of(place.token)];
  Tree& tree = region.buckets[bucket_of(region, place.token)];
  const auto at = tree.lower_bound(place);
  if (at != tree.end() && PlaceView(at->first) == place) return at->second;

  Slot& slot = tree.emplace_hint(at, Place{place.token, std::string(place.key)}, Slot{})->second;
  ++size_;
  if (++region.size > kBucketLoadMax * region.buckets.size() && region.bits < kBucketBitsMax) {
    grow(region);
  }
  return slot;
}

TokenTable::Tree::node_type TokenTable::remove(const PlaceView& place) {
  Region& region = regions_[region_of(place.token)];
  Tree& tree = region.buckets[bucket_of(region, place.token)];
  const auto found = tree.find(place);
  if (found == tree.end()) return {};
  --region.size;
  --size_;
  return tree.extract(found);
}

const TokenTable::Tree::value_type* TokenTable::seek(const PlaceView& place, bool is_after) const {
  size_t index = region_of(place.token);
  size_t bucket = bucket_of(regions_[index], place.token);
  const Tree& tree = regions_[index].buckets[bucket];
  const auto at = is_after ? tree.upper_bound(place) : tree.lower_bound(place);
  if (at != tree.end()) return &*at;

  for (++bucket; index < kRegions; ++index, bucket = 0) {
    const Region& region = regions_[index];
    if (region.size == 0) continue;
    for (; bucket < region.buckets.size(); ++bucket) {
      if (!region.buckets[bucket].empty()) return &*region.buckets[bucket].begin();
    }
  }
  return nullptr;
}

void TokenTable::grow(Region& region) {
  std::vector<Tree> old = std::exchange(region.buckets, std::vector<Tree>());
  region.buckets.resize(old.size() * 2);
  ++region.bits;
  for (Tree& tree : old) {
    while (!tree.empty()) {
      auto node = tree.extract(tree.begin());
      Tree& target = region.buckets[bucket_of(region, node.key().token)];
      target.insert(target.end(), std::move(node));
    }
  }
}

}  // namespace distkv::storage::map
