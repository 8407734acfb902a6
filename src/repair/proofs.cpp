#include "repair/proofs.h"

#include <algorithm>
#include <utility>

namespace distkv::repair {

using base::MonotonicTime;
using base::NodeId;
using base::PartitionId;

void Proofs::adopt(std::shared_ptr<const ring::Layout> layout, const NodeId& self) {
  std::map<PartitionId, Row> rows;
  partitions_.clear();
  for (uint32_t number = 0; number < layout->partition_count; ++number) {
    const PartitionId partition{number};
    if (!layout->is_replica(partition, self)) continue;
    partitions_.push_back(partition);
    Row& row = rows[partition];
    for (const ring::NodeIndex index : layout->replicas_of(partition)) {
      const NodeId& id = layout->node(index).id;
      if (id != self) row[id] = rows_[partition][id];
    }
  }
  rows_ = std::move(rows);
  std::erase_if(dirty_, [this](const auto& entry) { return !rows_.contains(entry.first); });
}

void Proofs::share(PartitionId partition, const NodeId& peer, MonotonicTime at) {
  const auto row = rows_.find(partition);
  if (row == rows_.end() || !row->second.contains(peer)) return;
  auto& shared = row->second[peer].shared;
  shared = std::max(shared.value_or(at), at);
}

void Proofs::prove(PartitionId partition, const NodeId& peer, MonotonicTime at) {
  const auto row = rows_.find(partition);
  if (row == rows_.end() || !row->second.contains(peer)) return;
  share(partition, peer, at);
  auto& proof = row->second[peer].proven;
  proof = std::max(proof.value_or(at), at);
  const auto dirty = dirty_.find(partition);
  if (dirty == dirty_.end()) return;
  const bool is_clean = std::all_of(row->second.begin(), row->second.end(), [&](const auto& entry) {
    return entry.second.proven && *entry.second.proven >= dirty->second;
  });
  if (is_clean) dirty_.erase(dirty);
}

void Proofs::mark_dirty(PartitionId partition, MonotonicTime at) {
  const auto row = rows_.find(partition);
  if (row != rows_.end() && !row->second.empty()) dirty_[partition] = at;
}

std::vector<NodeId> Proofs::peers_of(PartitionId partition) const {
  std::vector<NodeId> peers;
  const auto row = rows_.find(partition);
  if (row == rows_.end()) return peers;
  for (const auto& [peer, state] : row->second) peers.push_back(peer);
  return peers;
}

std::optional<MonotonicTime> Proofs::proven(PartitionId partition, MonotonicTime now) const {
  std::optional<MonotonicTime> oldest = now;
  for (const auto& [peer, state] : rows_.at(partition)) {
    if (!state.proven) return std::nullopt;
    oldest = std::min(*oldest, *state.proven);
  }
  return oldest;
}

size_t Proofs::count_shared(PartitionId partition, MonotonicTime since) const {
  const auto row = rows_.find(partition);
  if (row == rows_.end()) return 0;
  return static_cast<size_t>(std::count_if(
      row->second.begin(), row->second.end(),
      [since](const auto& entry) { return entry.second.shared && *entry.second.shared >= since; }));
}

}  // namespace distkv::repair
