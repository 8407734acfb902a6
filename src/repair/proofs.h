// When each partition of this node was last proven equal at each other replica of it, which status
// shows, and when both last brought each other all they had, which tombstones and stores that lost
// writes wait for.
//
// "Shared at t" means: what either held of it at t, both hold. "Proven at t": and at some moment
// since then they were equal, which a partition under constant writes may never be. Both stay true
// whatever happens later, so neither is taken back, only outdated. Pure; single owner.
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

  // No effect where one is no replica of it. What is proven is shared.
  void share(base::PartitionId partition, const base::NodeId& peer, base::MonotonicTime at);
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
  // How many of the other replicas it was shared with at `since` or later.
  size_t count_shared(base::PartitionId partition, base::MonotonicTime since) const;
  bool is_dirty(base::PartitionId partition) const { return dirty_.contains(partition); }
  size_t dirty_count() const { return dirty_.size(); }

 private:
  struct Peer {
    std::optional<base::MonotonicTime> proven;
    std::optional<base::MonotonicTime> shared;
  };
  using Row = std::map<base::NodeId, Peer>;  // The other replicas.

  std::vector<base::PartitionId> partitions_;
  std::map<base::PartitionId, Row> rows_;
  std::map<base::PartitionId, base::MonotonicTime> dirty_;  // And since when.
};

}  // namespace distkv::repair
