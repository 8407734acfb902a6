#include "membership/rumours.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace distkv::membership {

namespace {
constexpr uint32_t kTellingsPerDoubling = 3;  // SWIM's lambda; below it rumours die out under loss.
}  // namespace

void Rumours::add(const base::NodeId& about, RumourRank rank) {
  queued_[about] = {.rank = rank, .tellings = 0};
}

void Rumours::note_told(const base::NodeId& about, uint32_t tellings_max) {
  const auto found = queued_.find(about);
  if (found == queued_.end()) return;
  if (++found->second.tellings >= tellings_max) queued_.erase(found);
}

std::vector<base::NodeId> Rumours::in_order() const {
  std::vector<std::tuple<bool, uint32_t, RumourRank, base::NodeId>> keys;
  keys.reserve(queued_.size());
  for (const auto& [about, rumour] : queued_) {
    keys.emplace_back(rumour.rank != RumourRank::kOwn, rumour.tellings, rumour.rank, about);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<base::NodeId> ids;
  ids.reserve(keys.size());
  for (const auto& key : keys) ids.push_back(std::get<base::NodeId>(key));
  return ids;
}

uint32_t tellings_max(size_t members) {
  return kTellingsPerDoubling * static_cast<uint32_t>(std::bit_width(members));
}

}  // namespace distkv::membership
