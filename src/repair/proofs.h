// When each partition of this node was last proven equal at each other replica of it: what lets
// status say how far behind anti-entropy is, and later what a tombstone's end depends on.
//
// "Proven at t" means: what this node held of it at t, that replica holds too. That stays true
// whatever happens later, so a proof is never taken back, only outdated. Pure; single owner.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "ring/layout.h"

namespace distkv::repair {

class Proofs {
 public:
  // Another layout, or the first. What was proven between two replicas that stay remains.
  void adopt(std::shared_ptr<const ring::Layout> layout, const base::NodeId& self);

  // No effect where one is no replica of it.
  void prove(base::PartitionId partition, const base::NodeId& peer, base::MonotonicTime at);
  // Some replica may lack something since `at`: dirty until it is proven later than that with all.
  void mark_dirty(base::PartitionId partition, base::MonotonicTime at);

  // The partitions this node is a replica of, ascending.
  const std::vector<base::PartitionId>& partitions() const { return partitions_; }
  // The other replicas of one of them.
  std::vector<base::NodeId> peers_of(base::PartitionId partition) const;
  // The oldest of its proofs; nullopt: one is missing. `now` where there is no other replica.
  std::optional<base::MonotonicTime> proven(base::PartitionId partition,
                                            base::MonotonicTime now) const;
  bool is_dirty(base::PartitionId partition) const { return dirty_.contains(partition); }
  size_t dirty_count() const { return dirty_.size(); }

 private:
  using Row = std::map<base::NodeId, std::optional<base::MonotonicTime>>;  // The other replicas.

  std::vector<base::PartitionId> partitions_;
  std::map<base::PartitionId, Row> rows_;
  std::map<base::PartitionId, base::MonotonicTime> dirty_;  // And since when.
};

}  // namespace distkv::repair
