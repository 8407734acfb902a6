#include "storage/lsm/power/history.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::storage::lsm::test {

size_t History::add(const std::vector<Write>& writes, Durability durability) {
  commits_.push_back({writes, durability});
  return commits_.size();
}

void History::take_back(size_t first) {
  DISTKV_CHECK(first > promised_ && first <= commits_.size() + 1);
  commits_.resize(first - 1);
}

void History::promise(size_t commit) { promised_ = std::max(promised_, commit); }

size_t History::writer_of(const Place& place) const {
  for (size_t i = commits_.size(); i > 0; --i) {
    for (const Write& write : commits_[i - 1].writes) {
      if (Place{write.space, write.token, write.key} == place) return i;
    }
  }
  return 0;
}

State History::visible() const {
  State state = start_;
  for (const Commit& commit : commits_) apply(commit, state);
  return state;
}

std::set<Place> History::places() const {
  std::set<Place> places;
  for (const auto& [place, entry] : start_) places.insert(place);
  for (const Commit& commit : commits_) {
    for (const Write& write : commit.writes) places.insert({write.space, write.token, write.key});
  }
  return places;
}

History History::promising(size_t promised) const {
  History same = *this;
  same.promised_ = promised;
  return same;
}

void History::apply(const Commit& commit, State& state) {
  for (const Write& write : commit.writes) {
    const Place place{write.space, write.token, write.key};
    if (write.entry) {
      state[place] = *write.entry;
    } else {
      state.erase(place);
    }
  }
}

void History::promise_shown(const Place& place, const EntryView& entry) {
  for (size_t i = commits_.size(); i > promised_; --i) {
    const Commit& commit = commits_[i - 1];
    for (const Write& write : commit.writes) {
      const bool is_it = Place{write.space, write.token, write.key} == place && write.entry &&
                         write.entry->meta == entry.meta && write.entry->value == entry.value;
      if (is_it && commit.durability == Durability::kGroup) return promise(i);
    }
  }
}

std::optional<size_t> History::prefix_of(const Found& found, size_t least) const {
  const auto is_found_in = [&found](State state) {
    for (const Place& place : found.unreadable) state.erase(place);
    return state == found.entries;
  };
  State state = start_;
  for (size_t n = 0; n <= commits_.size(); ++n) {
    if (n > 0) apply(commits_[n - 1], state);
    if (n >= least && is_found_in(state)) return n;
  }
  return std::nullopt;
}

std::optional<std::string> History::complaint(const Found& found) const {
  if (prefix_of(found, promised_)) return std::nullopt;
  const std::string counts =
      std::to_string(commits_.size()) + " commits, " + std::to_string(promised_) + " promised";
  if (const auto n = prefix_of(found, 0)) {
    return counts + ", but only the first " + std::to_string(*n) + " are there";
  }
  return counts + ", but what is there is not what the first n leave, for any n";
}

void History::resume(const Found& found) {
  DISTKV_CHECK(prefix_of(found, promised_).has_value());
  commits_.clear();
  start_ = found.entries;
  promised_ = 0;
}

}  // namespace distkv::storage::lsm::test
