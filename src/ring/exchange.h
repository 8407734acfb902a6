// Brings every node to its target with the least movement, by handing replicas on.
//
// A node in surplus hands a partition to another one that may hold it, that one hands on another
// partition, until one is reached that still wants. A placement within all bounds exists (spread
// each node's target evenly over the rows: a flow, and flows with whole bounds have whole
// solutions), so while a node is in surplus there is such a chain. Where first no cycle of hops
// saves movement, and then each chain is a cheapest one, the outcome moves as little as the targets
// and the racks allow. Sources: Ford and Fulkerson (augmenting paths), Klein (cycle cancelling).
#pragma once

#include "ring/assignment.h"

namespace distkv::ring {

// Requires full rows; afterwards every node holds exactly its target.
void settle(Assignment& assignment);

}  // namespace distkv::ring
