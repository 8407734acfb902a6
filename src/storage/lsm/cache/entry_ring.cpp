#include "storage/lsm/cache/entry_ring.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace distkv::storage::lsm {

struct EntryRing::Record {
  uint64_t hash = 0;
  base::Token token;
  uint32_t key_bytes = 0;
  uint32_t meta_bytes = 0;
  uint32_t value_bytes = 0;
  Space space = Space::kData;
  bool is_hit = false;

  const char* content() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view key() const { return {content(), key_bytes}; }
  std::string_view meta() const { return {content() + key_bytes, meta_bytes}; }
  std::string_view value() const { return {content() + key_bytes + meta_bytes, value_bytes}; }
  size_t bytes() const {
    return sizeof(Record) + size_t{key_bytes} + size_t{meta_bytes} + size_t{value_bytes};
  }
};

namespace {

char* copy(std::string_view from, char* to) { return std::copy(from.begin(), from.end(), to); }

}  // namespace

EntryRing::EntryRing(size_t bytes, RingPosition first)
    : size_(bytes / kUnitBytes), head_(std::max(size_ + 1, first.value())), tail_(head_) {}

size_t EntryRing::bytes_of(const KeyRef& key, const EntryView& entry) {
  const size_t bytes =
      sizeof(Record) + key.key.size() + entry.meta.size() + entry.value.size() + kUnitBytes - 1;
  return bytes / kUnitBytes * kUnitBytes;
}

EntryRing::Record& EntryRing::record(RingPosition position) const {
  DISTKV_DCHECK(is_live(position) && position.value() < head_);
  return *reinterpret_cast<Record*>(address(position.value()));
}

uint64_t EntryRing::units_of(const Record& record) {
  return (record.bytes() + kUnitBytes - 1) / kUnitBytes;
}

bool EntryRing::is_of(RingPosition position, const KeyRef& key) const {
  const Record& found = record(position);
  return found.token == key.token && found.space == key.space && found.key() == key.key;
}

EntryView EntryRing::at(RingPosition position) const {
  const Record& found = record(position);
  return {found.meta(), found.value()};
}

void EntryRing::mark_hit(RingPosition position) {
  Record& found = record(position);
  if (!found.is_hit) found.is_hit = true;  // Most are already: then their line stays clean.
}

bool EntryRing::is_hit(RingPosition position) const { return record(position).is_hit; }

uint64_t EntryRing::hash_at(RingPosition position) const { return record(position).hash; }

// Where a record of `units` goes: at the head, or at the start if it does not fit before the end.
uint64_t EntryRing::place_for(uint64_t units) const {
  const uint64_t left = size_ - head_ % size_;
  return units <= left ? head_ : head_ + left;
}

bool EntryRing::has_room(size_t bytes) const {
  const uint64_t units = bytes / kUnitBytes;
  return place_for(units) + units <= tail_ + size_;
}

void EntryRing::drop_oldest() {
  DISTKV_CHECK(tail_ < head_);
  tail_ += units_of(record(oldest()));
  if (tail_ == lap_end_) tail_ += size_ - tail_ % size_;
}

bool EntryRing::is_oldest_renewable() const {
  const Record& found = record(oldest());
  return found.is_hit && place_for(units_of(found)) <= tail_ + size_;
}

RingPosition EntryRing::renew_oldest() {
  DISTKV_CHECK(is_oldest_renewable());
  const char* from = address(tail_);
  const uint64_t units = units_of(record(oldest()));
  drop_oldest();
  const uint64_t renewed = take(units);
  // It may overlap its own new place.
  std::memmove(address(renewed), from, units * kUnitBytes);
  record(RingPosition(renewed)).is_hit = false;
  return RingPosition(renewed);
}

RingPosition EntryRing::append(uint64_t hash, const KeyRef& key, const EntryView& entry) {
  constexpr size_t kFieldMax = std::numeric_limits<uint32_t>::max();
  DISTKV_CHECK(key.key.size() <= kFieldMax && entry.meta.size() <= kFieldMax &&
               entry.value.size() <= kFieldMax);
  const size_t bytes = bytes_of(key, entry);
  DISTKV_CHECK(2 * bytes <= size_ * kUnitBytes);
  while (!has_room(bytes)) drop_oldest();
  const uint64_t position = take(bytes / kUnitBytes);
  auto* made =
      std::construct_at(reinterpret_cast<Record*>(address(position)),
                        Record{hash, key.token, static_cast<uint32_t>(key.key.size()),
                               static_cast<uint32_t>(entry.meta.size()),
                               static_cast<uint32_t>(entry.value.size()), key.space, false});
  copy(entry.value, copy(entry.meta, copy(key.key, reinterpret_cast<char*>(made + 1))));
  return RingPosition(position);
}

// Moves the head over a record's place, in which nothing is written yet.
uint64_t EntryRing::take(uint64_t units) {
  if (memory_ == nullptr) memory_ = std::make_unique_for_overwrite<char[]>(size_ * kUnitBytes);
  const uint64_t position = place_for(units);
  if (position != head_) lap_end_ = head_;
  if (tail_ == head_) tail_ = position;
  head_ = position + units;
  DISTKV_CHECK(head_ <= tail_ + size_ && head_ <= kPositionMax);
  written_ = std::max(written_, position % size_ + units);
  return position;
}

}  // namespace distkv::storage::lsm
