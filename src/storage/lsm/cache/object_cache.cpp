#include "storage/lsm/cache/object_cache.h"

#include <algorithm>
#include <utility>

namespace distkv::storage::lsm {
namespace {

// What the ring has of the cache's memory: all but the index and the fingerprints.
uint64_t ring_bytes(uint64_t bytes_max, uint64_t index_bytes) {
  return index_bytes == 0 ? 0 : bytes_max - index_bytes;
}

}  // namespace

ObjectCache::ObjectCache(uint64_t bytes_max, RingPosition first)
    : bytes_max_(bytes_max),
      set_count_(std::min(bytes_max / kBytesPerSlot, kSlotsMax) / kWays),
      ring_(ring_bytes(bytes_max, set_count_ * (sizeof(Set) + kWays * sizeof(uint16_t))), first) {}

void ObjectCache::prefetch(uint64_t hash) const {
  if (!sets_.is_empty()) __builtin_prefetch(&sets_[set_of(hash)]);
}

std::optional<EntryView> ObjectCache::find(uint64_t hash, const KeyRef& key) {
  uint64_t* slot = slot_of(hash, key);
  if (slot == nullptr) {
    ++misses_;
    return std::nullopt;
  }
  ++hits_;
  ring_.mark_hit(position_in(*slot));
  return ring_.at(position_in(*slot));
}

void ObjectCache::offer(uint64_t hash, const KeyRef& key, const EntryView& entry) {
  if (set_count_ == 0) return;
  if (sets_.is_empty()) make_index();
  uint64_t* slot = slot_of(hash, key);
  if (EntryRing::bytes_of(key, entry) > bytes_max_ / kEntriesMin) {
    if (slot != nullptr) *slot = 0;
    return;
  }
  if (slot == nullptr && !is_admitted(hash)) return;
  if (slot != nullptr) *slot = 0;
  if (ring_.is_worn_out()) begin_again();
  make_room(EntryRing::bytes_of(key, entry));
  const RingPosition position = ring_.append(hash, key, entry);
  slot_to_reuse(hash) = slot_for(hash, position);
}

void ObjectCache::erase(uint64_t hash, const KeyRef& key) {
  if (uint64_t* slot = slot_of(hash, key)) *slot = 0;
}

void ObjectCache::clear() { ring_.is_worn_out() ? begin_again() : ring_.forget_all(); }

uint64_t ObjectCache::bytes() const {
  if (sets_.is_empty()) return 0;
  return set_count_ * (sizeof(Set) + kWays * sizeof(uint16_t)) + ring_.bytes();
}

// Null if the key is not here.
uint64_t* ObjectCache::slot_of(uint64_t hash, const KeyRef& key) {
  if (sets_.is_empty()) return nullptr;
  const uint64_t tag = hash << kTagShift >> kTagShift;
  for (uint64_t& slot : sets_[set_of(hash)].slots) {
    if (slot >> kTagShift != tag || !ring_.is_live(position_in(slot))) continue;
    if (ring_.is_of(position_in(slot), key)) return &slot;
  }
  return nullptr;
}

// Lets the oldest records go, but for some that were hit: those get a second chance.
void ObjectCache::make_room(size_t bytes) {
  for (size_t renewals = 0; !ring_.has_room(bytes);) {
    uint64_t* slot = nullptr;
    if (renewals < kRenewalsMax && ring_.is_oldest_renewable()) slot = slot_of_oldest();
    if (slot == nullptr) {
      ring_.drop_oldest();
    } else {
      const uint64_t hash = ring_.hash_at(ring_.oldest());
      *slot = slot_for(hash, ring_.renew_oldest());
      ++renewals;
    }
  }
}

// Null if the oldest record was erased, replaced, or pushed out of its set.
uint64_t* ObjectCache::slot_of_oldest() {
  const uint64_t hash = ring_.hash_at(ring_.oldest());
  auto& slots = sets_[set_of(hash)].slots;
  const auto slot = std::find(slots.begin(), slots.end(), slot_for(hash, ring_.oldest()));
  return slot == slots.end() ? nullptr : &*slot;
}

// One whose record is gone; in a full set the oldest that was not hit, or else the oldest.
uint64_t& ObjectCache::slot_to_reuse(uint64_t hash) {
  auto& slots = sets_[set_of(hash)].slots;
  const auto oldest = std::min_element(
      slots.begin(), slots.end(),
      [](uint64_t left, uint64_t right) { return position_in(left) < position_in(right); });
  if (!ring_.is_live(position_in(*oldest))) return *oldest;
  return *std::min_element(slots.begin(), slots.end(), [this](uint64_t left, uint64_t right) {
    const std::pair left_rank(ring_.is_hit(position_in(left)), position_in(left));
    return left_rank < std::pair(ring_.is_hit(position_in(right)), position_in(right));
  });
}

// Whether the key missed lately. Remembers that it did.
bool ObjectCache::is_admitted(uint64_t hash) {
  const uint64_t low = hash & UINT32_MAX;
  // Never 0, which stands for none.
  const auto fingerprint = static_cast<uint16_t>(hash >> 32 | 1);
  uint16_t& remembered = fingerprints_[low * (set_count_ * kWays) >> 32];
  if (remembered == fingerprint) return true;
  remembered = fingerprint;
  return false;
}

// Empty, and positions from the start.
void ObjectCache::begin_again() {
  make_index();
  ring_.restart();
}

void ObjectCache::make_index() {
  sets_ = ZeroedArray<Set>(set_count_);
  fingerprints_ = ZeroedArray<uint16_t>(set_count_ * kWays);
}

}  // namespace distkv::storage::lsm
