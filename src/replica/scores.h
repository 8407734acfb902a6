// How quickly each node has been answering reads: whom to ask first, and how long is too long.
//
// Nothing is kept but three figures a node: its usual time (an exponential average), its slow time
// (a frugal estimate of the 99th percentile: Ma, Muthukrishnan and Sandler, "Frugal Streaming for
// Estimating Quantiles", 2013), and what is held against it. A question counts as soon as somebody
// notices that its answer is late, so a node that stopped is avoided after the first late answer
// and not after a timeout, a second before membership suspects it. What is held against a node
// halves each second, and a usual time that nobody measured lately every ten, so that a node that
// was slow is tried again.
#pragma once

#include <unordered_map>

#include "base/clock.h"
#include "base/types.h"

namespace distkv::replica {

// Before anything is known of a node.
inline constexpr base::Duration kSlowAtFirst = std::chrono::milliseconds(10);
// What a failed answer counts as: it may have come at once, and is worth less than a slow one.
inline constexpr base::Duration kFailureCounts = std::chrono::milliseconds(100);

class Score {
 public:
  // Answered after `took`.
  void answered(base::MonotonicTime now, base::Duration took, bool is_ok);
  // Has not answered for `so_far`.
  void is_late(base::MonotonicTime now, base::Duration so_far);

  // What a question asked now may take; zero if none ever was.
  base::Duration expected(base::MonotonicTime now) const;
  // One answer in a hundred takes longer.
  base::Duration slow() const { return slow_; }

 private:
  base::Duration usual_{};
  base::MonotonicTime answered_at_{};
  base::Duration slow_ = kSlowAtFirst;
  base::Duration blame_{};
  base::MonotonicTime blamed_at_{};
};

// One score a node, for ever: there are at most as many as members (membership::kMembersMax).
// References stay good.
class Scores {
 public:
  Score& of(const base::NodeId& node) { return scores_[node]; }

 private:
  std::unordered_map<base::NodeId, Score> scores_;  // Only ever asked for one.
};

}  // namespace distkv::replica
