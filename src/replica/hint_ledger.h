// What a hint store holds and did, in numbers: for each target and together. Pure.
//
// Invariant: at most kHintTargetsMax targets are told apart; one with nothing pending makes room
// for another.
#pragma once

#include <cstdint>
#include <map>

#include "base/clock.h"
#include "base/types.h"

namespace distkv::replica {

// As many as a member table has.
inline constexpr size_t kHintTargetsMax = 4000;

// Of one target, or of all.
struct HintCounts {
  uint64_t pending = 0;
  uint64_t bytes = 0;  // As stored: keys, headers and records.
  // No pending hint is older; the oldest may be younger until the next refresh_oldest. Means
  // nothing where none is pending.
  base::WallTime oldest{};
  // Since the program started.
  uint64_t delivered = 0;  // Acknowledged by the target.
  uint64_t dropped = 0;
};

// What becoming visible did to the hints of one target.
struct HintChange {
  int64_t hints = 0;
  int64_t bytes = 0;
  base::WallTime at = base::WallTime::max();  // Of the oldest hint that came.
};

using HintChanges = std::map<base::NodeId, HintChange>;

class HintLedger {
 public:
  void count(const base::NodeId& target, const HintChange& change);
  void count_delivered(const base::NodeId& target);
  void count_dropped(const base::NodeId& target);
  // What is pending was counted from the start; hints that are fewer than before count as dropped.
  void replace_pending(const HintChanges& counted);
  // What a walk over all hints that began at `since` found to be oldest, for each target.
  void refresh_oldest(const std::map<base::NodeId, base::WallTime>& found, base::WallTime since);

  // False: hints are pending for too many others.
  bool has_room_for(const base::NodeId& target) const;
  // Every target with hints, or that had some since the program started.
  const std::map<base::NodeId, HintCounts>& targets() const { return targets_; }
  // Of all targets together; `oldest` costs a walk over them.
  HintCounts total() const;
  uint64_t pending() const { return total_.pending; }
  uint64_t bytes() const { return total_.bytes; }

 private:
  HintCounts& counts_of(const base::NodeId& target);

  std::map<base::NodeId, HintCounts> targets_;
  HintCounts total_;  // But for `oldest`.
};

}  // namespace distkv::replica
