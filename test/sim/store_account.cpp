#include "sim/store_account.h"

#include <algorithm>
#include <utility>

namespace distkv::sim {

namespace {

bool is_of(const storage::Write& write, const storage::KeyRef& key) {
  return write.space == key.space && write.token == key.token && write.key == key.key;
}

Place place_of(const storage::Write& write) { return {write.space, write.token, write.key}; }

const storage::Entry* find(const Entries& entries, const Place& place) {
  const auto found = entries.find(place);
  return found == entries.end() ? nullptr : &found->second;
}

// Places where the two are not the same, as far as the store can be read.
std::set<Place> differences(const Entries& entries, const Found& found) {
  std::set<Place> different;
  for (const auto& [place, entry] : entries) {
    const storage::Entry* shown = find(found.entries, place);
    if (found.unreadable.count(place) > 0) continue;
    if (shown == nullptr || *shown != entry) different.insert(place);
  }
  for (const auto& [place, entry] : found.entries) {
    if (entries.count(place) == 0) different.insert(place);
  }
  return different;
}

}  // namespace

CommitNumber StoreAccount::add(std::vector<storage::Write> writes) {
  pending_.push_back(std::move(writes));
  for (const storage::Write& write : pending_.back()) observer_.on_write(last(), write);
  return last();
}

CommitNumber StoreAccount::writer_of(const storage::KeyRef& key) const {
  for (size_t i = pending_.size(); i > 0; --i) {
    const Commit& commit = pending_[i - 1];
    const bool writes_it = std::any_of(commit.begin(), commit.end(),
                                       [&](const auto& write) { return is_of(write, key); });
    if (writes_it) return promised_ + i;
  }
  return 0;
}

void StoreAccount::promise(CommitNumber through) {
  if (through <= promised_) return;
  while (promised_ < through && !pending_.empty()) {
    for (storage::Write& write : pending_.front()) {
      if (write.entry) {
        durable_.insert_or_assign(place_of(write), *std::move(write.entry));
      } else {
        durable_.erase(place_of(write));
      }
    }
    pending_.pop_front();
    ++promised_;
  }
  observer_.on_durable(promised_);
}

void StoreAccount::promise_shown(const storage::KeyRef& key, const storage::EntryView& entry,
                                 storage::Part part) {
  // The oldest that fits: where an entry was written twice, the first may be the one shown.
  for (size_t i = 0; i < pending_.size(); ++i) {
    for (const storage::Write& write : pending_[i]) {
      if (!write.entry || !is_of(write, key) || write.entry->meta != entry.meta) continue;
      if (part == storage::Part::kAll && write.entry->value != entry.value) continue;
      return promise(promised_ + i + 1);
    }
  }
}

bool StoreAccount::is_excused(const Place& place) const {
  const auto space = std::get<storage::Space>(place);
  const auto token = std::get<base::Token>(place);
  return std::any_of(excused_.begin(), excused_.end(), [&](const storage::Range& range) {
    return range.space == space && range.first <= token && token <= range.last;
  });
}

void StoreAccount::forget_if_excused(const storage::KeyRef& key, bool is_replaced) {
  if (!is_replaced && !is_excused(place_of(key))) return;
  if (key.space == storage::Space::kData) observer_.on_lost_to_damage(std::string(key.key));
}

std::optional<CommitNumber> StoreAccount::shown_by(const Found& found) const {
  std::set<Place> different = differences(durable_, found);
  std::erase_if(different, [this](const Place& place) { return is_excused(place); });
  std::optional<CommitNumber> kept;
  if (different.empty()) kept = promised_;
  for (size_t i = 0; i < pending_.size(); ++i) {
    bool is_there_for_sure = false;
    for (const storage::Write& write : pending_[i]) {
      const Place place = place_of(write);
      if (found.unreadable.count(place) > 0) continue;
      const storage::Entry* shown = find(found.entries, place);
      const bool is_same = write.entry ? shown != nullptr && *shown == *write.entry : !shown;
      if (is_excused(place)) {
        is_there_for_sure = is_there_for_sure || (is_same && shown != nullptr);
      } else if (is_same) {
        different.erase(place);
      } else {
        different.insert(place);
      }
    }
    // What is excused need not be there, but where it is it was kept.
    if (different.empty() && (!kept || is_there_for_sure)) kept = promised_ + i + 1;
  }
  return kept;
}

std::optional<std::string> StoreAccount::lose(const Found& found) {
  const std::optional<CommitNumber> kept = shown_by(found);
  if (!kept) {
    return "what is there is not what the first n commits left, for any n from " +
           std::to_string(promised_) + ", which was promised, to " + std::to_string(last());
  }
  pending_.resize(*kept - promised_);
  observer_.on_lost_after(*kept);
  return std::nullopt;
}

void StoreAccount::wipe() {
  durable_.clear();
  pending_.clear();
  promised_ = 0;
  excused_.clear();
  observer_.on_wiped();
}

bool StoreAccount::has_any(storage::Space space) const {
  // Of what became visible last, place by place.
  std::map<Place, bool> is_there;
  for (const Commit& commit : pending_) {
    for (const storage::Write& write : commit) {
      if (write.space == space) is_there[place_of(write)] = write.entry.has_value();
    }
  }
  for (const auto& [place, is_present] : is_there) {
    if (is_present) return true;
  }
  return std::any_of(durable_.begin(), durable_.end(), [&](const auto& entry) {
    return std::get<storage::Space>(entry.first) == space && is_there.count(entry.first) == 0;
  });
}

std::set<Place> StoreAccount::places() const {
  std::set<Place> places;
  for (const auto& [place, entry] : durable_) places.insert(place);
  for (const Commit& commit : pending_) {
    for (const storage::Write& write : commit) places.insert(place_of(write));
  }
  return places;
}

}  // namespace distkv::sim
