#include "storage/lsm/cache/entry_ring.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace distkv::storage::lsm {

struct EntryRing::Record {
  base::Token token;
  uint32_t key_bytes = 0;
  uint32_t meta_bytes = 0;
  uint32_t value_bytes = 0;
  Space space = Space::kData;

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
    : size_(bytes / kUnitBytes), head_(std::max(size_ + 1, first.value())) {}

size_t EntryRing::bytes_of(const KeyRef& key, const EntryView& entry) {
  const size_t bytes =
      sizeof(Record) + key.key.size() + entry.meta.size() + entry.value.size() + kUnitBytes - 1;
  return bytes / kUnitBytes * kUnitBytes;
}

const EntryRing::Record& EntryRing::record(RingPosition position) const {
  DISTKV_DCHECK(is_live(position) && position.value() < head_);
  return *reinterpret_cast<const Record*>(address(position.value()));
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

RingPosition EntryRing::append(const KeyRef& key, const EntryView& entry) {
  constexpr size_t kFieldMax = std::numeric_limits<uint32_t>::max();
  DISTKV_CHECK(key.key.size() <= kFieldMax && entry.meta.size() <= kFieldMax &&
               entry.value.size() <= kFieldMax);
  const uint64_t position = take(bytes_of(key, entry) / kUnitBytes);
  auto* made = std::construct_at(reinterpret_cast<Record*>(address(position)),
                                 Record{key.token, static_cast<uint32_t>(key.key.size()),
                                        static_cast<uint32_t>(entry.meta.size()),
                                        static_cast<uint32_t>(entry.value.size()), key.space});
  char* to = reinterpret_cast<char*>(made + 1);
  copy(entry.value, copy(entry.meta, copy(key.key, to)));
  return RingPosition(position);
}

RingPosition EntryRing::renew(RingPosition position) {
  const uint64_t units = units_of(record(position));
  const uint64_t renewed = take(units);
  // A record that was next to be overtaken overlaps its own new place.
  std::memmove(address(renewed), address(position.value()), units * kUnitBytes);
  return RingPosition(renewed);
}

// Room for a record, which overtakes what was there. Writes nothing yet.
uint64_t EntryRing::take(uint64_t units) {
  DISTKV_CHECK(units <= size_);
  if (memory_ == nullptr) memory_ = std::make_unique_for_overwrite<char[]>(size_ * kUnitBytes);
  const uint64_t left = size_ - head_ % size_;
  if (units > left) head_ += left;
  const uint64_t position = head_;
  head_ += units;
  DISTKV_CHECK(head_ <= kPositionMax);
  written_ = std::max(written_, position % size_ + units);
  return position;
}

}  // namespace distkv::storage::lsm
