// All that one run is made of, drawn from its seed: the cluster, what clients do, what goes wrong.
//
// Usually five nodes with N = 3, where only the most important choices are drawn. The swarm draws
// every option alike, each seed a few of them strange (Groce et al., "Swarm Testing", 2012): one
// node to nine, any N, R and W, also such as promise little, fewer nodes than N, room for next to
// nothing. What a cluster promises is judged by `promises_of`.
#pragma once

#include "base/rng.h"
#include "history/check.h"
#include "sim/cluster.h"
#include "sim/faults.h"
#include "sim/simulation.h"
#include "sim/workload.h"

namespace distkv::sim {

struct RunPlan {
  ClusterPlan cluster;
  WorkloadPlan workload;
  FaultPlan faults;
};

RunPlan draw_run(const Options& options, base::Rng& rng);

// As draw_cluster, of the swarm. `nodes`: zero draws them too.
ClusterPlan draw_swarm_cluster(uint32_t nodes, base::Rng& rng);

// What reads may count on, for as long as no disk is lost: with fewer nodes than N these are N.
history::Promises promises_of(const ClusterPlan& plan);

}  // namespace distkv::sim
