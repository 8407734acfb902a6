#include "storage/lsm/memtable/bucket.h"

#include <memory>

#include "base/check.h"

namespace distkv::storage::lsm {
namespace {

BucketIndex* make_index(Arena& arena) {
  return std::construct_at(reinterpret_cast<BucketIndex*>(arena.allocate(sizeof(BucketIndex))));
}

EntryNode*& following(BucketIndex& index, EntryNode* node, size_t level) {
  return node == nullptr ? index.heads[level] : node->tower()[level];
}

// Takes everything from `spot` on out of `left`, and puts it into `right`, which is empty.
void cut(BucketIndex& left, const BucketSpot& spot, BucketIndex& right) {
  for (size_t level = 0; level < BucketIndex::kHeightMax; ++level) {
    EntryNode*& link = following(left, spot.above[level], level);
    right.heads[level] = link;
    link = nullptr;
  }
  right.first = spot.at;
  (spot.before == nullptr ? left.first : spot.before->next) = nullptr;
}

}  // namespace

const EntryNode* Bucket::first() const { return is_indexed() ? index()->first : chain(); }

const EntryNode* Bucket::seek(const PlaceView& place) const {
  if (is_indexed()) return spot_by_index(place).at;
  const EntryNode* node = chain();
  while (node != nullptr && node->is_before(place)) node = node->next;
  return node;
}

BucketSpot Bucket::spot(const PlaceView& place) const {
  if (is_indexed()) return spot_by_index(place);
  BucketSpot spot;
  spot.at = chain();
  while (spot.at != nullptr && spot.at->is_before(place)) {
    spot.before = spot.at;
    spot.at = spot.at->next;
  }
  return spot;
}

BucketSpot Bucket::spot_by_index(const PlaceView& place) const {
  BucketSpot spot;
  for (size_t level = BucketIndex::kHeightMax; level-- > 0;) {
    EntryNode* next = following(*index(), spot.before, level);
    while (next != nullptr && next->is_before(place)) {
      spot.before = next;
      next = next->tower()[level];
    }
    spot.above[level] = spot.before;
  }
  spot.at = spot.before == nullptr ? index()->first : spot.before->next;
  while (spot.at != nullptr && spot.at->is_before(place)) {
    spot.before = spot.at;
    spot.at = spot.at->next;
  }
  return spot;
}

void Bucket::insert(EntryNode* node, const BucketSpot& spot) {
  DISTKV_DCHECK(is_indexed() || (length() < kChainMax && node->height == 0));
  node->next = spot.at;
  if (spot.before != nullptr) {
    spot.before->next = node;
  } else {
    set_first(node);
  }
  for (size_t level = 0; level < node->height; ++level) {
    EntryNode*& link = following(*index(), spot.above[level], level);
    node->tower()[level] = link;
    link = node;
  }
  if (!is_indexed()) count(*node);
}

void Bucket::add_index(Arena& arena) {
  DISTKV_CHECK(!is_indexed());
  BucketIndex* index = make_index(arena);
  index->first = chain();
  set_index(index);
}

void Bucket::set_index(const BucketIndex* index) {
  word_ = reinterpret_cast<uint64_t>(index) | kIndexed | kFilterMask;
}

void Bucket::set_first(EntryNode* node) {
  if (is_indexed()) {
    index()->first = node;
  } else {
    const auto address = reinterpret_cast<uint64_t>(node);
    DISTKV_DCHECK((address & ~kAddressMask) == 0);
    word_ = (word_ & ~kAddressMask) | address;
  }
}

void Bucket::split(unsigned shift, unsigned bits, Bucket* parts, Arena& arena) const {
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  is_indexed() ? split_index(shift, mask, parts, arena) : split_chain(shift, mask, parts);
}

void Bucket::split_chain(unsigned shift, uint64_t mask, Bucket* parts) const {
  EntryNode* last = nullptr;
  Bucket* part = nullptr;
  for (EntryNode* node = chain(); node != nullptr; last = node, node = node->next) {
    Bucket* const own = parts + (node->token.value() >> shift & mask);
    if (own != part) {
      if (last != nullptr) last->next = nullptr;
      own->set_first(node);
      part = own;
    }
    own->count(*node);
  }
}

void Bucket::split_index(unsigned shift, uint64_t mask, Bucket* parts, Arena& arena) const {
  const uint64_t beginning = index()->first->token.value() >> shift & ~mask;
  BucketIndex* rest = index();
  for (uint64_t part = 0; part < mask; ++part) {
    Bucket whole;
    whole.set_index(rest);
    const BucketSpot spot = whole.spot({base::Token((beginning + part + 1) << shift), {}});
    if (spot.before == nullptr) continue;
    parts[part].set_index(rest);
    if (spot.at == nullptr) return;
    BucketIndex* right = make_index(arena);
    cut(*rest, spot, *right);
    rest = right;
  }
  parts[mask].set_index(rest);
}

}  // namespace distkv::storage::lsm
