// How complete this store is, partition by partition: the horizon of each (causality/horizon.h),
// and those in which it lacks writes that it once acknowledged, because it was wiped or restored
// from an older copy. Of these it gives no answer to clients until it has caught up.
//
// Kept in memory here and stored as a whole by its owner (node_store.h), in the format below.
// Deterministic; single owner.
//
//   | version: u8 = 1 | floor: u64 | partitions: varint | those with a horizon: varint
//   | (partition: varint, horizon: u64)... | those behind: varint | (partition: varint)... |
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace distkv::replica {

class Holdings {
 public:
  // Once the number of partitions is known, a power of two that never changes after that. Forgets
  // nothing.
  void set_partitions(uint32_t count);
  uint32_t partitions() const { return static_cast<uint32_t>(horizons_.size()); }

  base::Counter horizon(base::PartitionId partition) const;
  // Zero while the number of partitions is not known.
  base::Counter horizon(base::Token token) const;
  // Horizons only grow. Raises the floor with it.
  void raise_horizon(base::PartitionId partition, base::Counter horizon);

  // Nothing at or below it may be minted here any more: the highest horizon that this store has, or
  // promised to make possible.
  base::Counter floor() const { return floor_; }
  void raise_floor(base::Counter floor);

  void fall_behind(base::PartitionId partition);
  void catch_up(base::PartitionId partition) { behind_.erase(partition); }
  bool is_behind(base::PartitionId partition) const { return behind_.contains(partition); }
  bool is_behind(base::Token token) const;
  const std::set<base::PartitionId>& behind() const { return behind_; }

  std::string encode() const;
  // kCorrupt for anything encode() cannot have made.
  static base::Result<Holdings> decode(std::string_view bytes);

 private:
  base::PartitionId partition_of(base::Token token) const;

  std::vector<base::Counter> horizons_;
  base::Counter floor_;
  std::set<base::PartitionId> behind_;
};

}  // namespace distkv::replica
