#include "storage/leveldb/overlay.h"

#include <algorithm>
#include <utility>

#include "storage/leveldb/encoding.h"

namespace distkv::storage::leveldb {

std::optional<Pending> Overlay::find(const std::string& key) const {
  const auto found = pending_.find(key);
  const Sequence dropped = dropped_at(key);
  if (found != pending_.end() && dropped < found->second.written) return found->second;
  if (dropped == Sequence{}) return std::nullopt;
  return Pending{nullptr, dropped, dropped};
}

void Overlay::put(const std::string& key, std::shared_ptr<const Entry> entry, Sequence written,
                  Durability durability) {
  Pending& pending = pending_[key];
  pending.entry = std::move(entry);
  pending.written = written;
  pending.written_group = std::max(pending.written_group, dropped_at(key));
  if (durability == Durability::kGroup) pending.written_group = written;
  marks_.push_back({written, key});
}

void Overlay::drop(const Range& range, Sequence written) {
  drops_.push_back(
      {written, encode_place(range.space, range.first), encode_place(range.space, range.last)});
}

void Overlay::purge(Sequence bound) {
  for (; !marks_.empty() && marks_.front().written <= bound; marks_.pop_front()) {
    const auto found = pending_.find(marks_.front().key);
    if (found != pending_.end() && found->second.written <= bound) pending_.erase(found);
  }
  while (!drops_.empty() && drops_.front().written <= bound) drops_.pop_front();
}

Sequence Overlay::dropped_at(std::string_view key) const {
  const std::string_view place = key.substr(0, kPlaceBytes);
  const auto newest = std::find_if(drops_.rbegin(), drops_.rend(), [place](const Drop& drop) {
    return drop.first <= place && place <= drop.last;
  });
  return newest == drops_.rend() ? Sequence{} : newest->written;
}

}  // namespace distkv::storage::leveldb
