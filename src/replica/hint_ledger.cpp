#include "replica/hint_ledger.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::replica {

using base::NodeId;
using base::WallTime;

namespace {

bool is_idle(const std::pair<const NodeId, HintCounts>& target) {
  return target.second.pending == 0;
}

void change_pending(HintCounts& counts, const HintChange& change) {
  DISTKV_CHECK(change.hints >= 0 || counts.pending >= static_cast<uint64_t>(-change.hints));
  DISTKV_CHECK(change.bytes >= 0 || counts.bytes >= static_cast<uint64_t>(-change.bytes));
  counts.pending += static_cast<uint64_t>(change.hints);
  counts.bytes += static_cast<uint64_t>(change.bytes);
}

}  // namespace

bool HintLedger::has_room_for(const NodeId& target) const {
  return targets_.size() < kHintTargetsMax || targets_.contains(target) ||
         std::any_of(targets_.begin(), targets_.end(), is_idle);
}

HintCounts& HintLedger::counts_of(const NodeId& target) {
  const auto known = targets_.find(target);
  if (known != targets_.end()) return known->second;
  if (targets_.size() >= kHintTargetsMax) {
    const auto idle = std::find_if(targets_.begin(), targets_.end(), is_idle);
    if (idle != targets_.end()) targets_.erase(idle);
  }
  return targets_[target];
}

void HintLedger::count(const NodeId& target, const HintChange& change) {
  HintCounts& counts = counts_of(target);
  if (change.hints > 0) {
    counts.oldest = counts.pending == 0 ? change.at : std::min(counts.oldest, change.at);
  }
  change_pending(counts, change);
  change_pending(total_, change);
}

void HintLedger::count_delivered(const NodeId& target) {
  ++counts_of(target).delivered;
  ++total_.delivered;
}

void HintLedger::count_dropped(const NodeId& target) {
  if (has_room_for(target)) ++counts_of(target).dropped;
  ++total_.dropped;
}

void HintLedger::replace_pending(const HintChanges& counted) {
  const uint64_t before = total_.pending;
  for (auto& [target, counts] : targets_) counts.pending = counts.bytes = 0;
  total_.pending = total_.bytes = 0;
  for (const auto& [target, change] : counted) {
    DISTKV_CHECK(change.hints >= 0 && change.bytes >= 0);
    if (change.hints > 0) count(target, change);
  }
  if (before > total_.pending) total_.dropped += before - total_.pending;
}

void HintLedger::refresh_oldest(const std::map<NodeId, WallTime>& found, WallTime since) {
  for (auto& [target, counts] : targets_) {
    const auto oldest = found.find(target);
    // Not met by the walk: kept behind its back.
    counts.oldest = oldest != found.end() ? oldest->second : std::max(counts.oldest, since);
  }
}

HintCounts HintLedger::total() const {
  HintCounts total = total_;
  total.oldest = WallTime::max();
  for (const auto& [target, counts] : targets_) {
    if (counts.pending > 0) total.oldest = std::min(total.oldest, counts.oldest);
  }
  return total;
}

}  // namespace distkv::replica
