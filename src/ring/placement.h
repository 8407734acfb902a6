// Which node holds which partition: a pure function of the layout before and the nodes wanted.
//
// Consistent hashing with virtual nodes decides preference; loads are bounded so that a node's
// number of replicas is within one partition of its weight's share (as far as one node can hold a
// partition only once); replicas of a partition stand in different racks where there are enough;
// movement stays within 10 % of the least possible. Sources: Dynamo §6.2; Mirrokni et al.,
// "Consistent Hashing with Bounded Loads" (2018).
#pragma once

#include <vector>

#include "base/result.h"
#include "ring/layout.h"

namespace distkv::ring {

// The first layout of a cluster: version 1, one node.
struct Founding {
  base::ClusterId cluster_id;
  uint32_t partition_count = 1024;
  uint32_t replica_count = 3;
  LayoutNode founder;
};
base::Result<Layout> found_layout(const Founding& founding);

// The layout after `previous` with exactly these nodes (any order; ids unique). Deterministic.
// kInvalidArgument names what is wrong with the nodes.
base::Result<Layout> next_layout(const Layout& previous, std::vector<LayoutNode> nodes);

// One partition whose replica set differs between two layouts of one cluster.
struct Move {
  base::PartitionId partition;
  std::vector<base::NodeId> sources;  // Held it before.
  std::vector<base::NodeId> targets;  // Hold it only now.
  std::vector<base::NodeId> leavers;  // Held it, no longer do.
};
// Ascending by partition; only partitions with a target or a leaver.
std::vector<Move> plan_moves(const Layout& before, const Layout& after);

}  // namespace distkv::ring
