// One run: a cluster forms, clients work while faults happen, everything heals, the replicas must
// agree. All of it follows from the seed; there is no real time and no thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/report.h"
#include "sim/sim_store.h"
#include "sim/steps.h"
#include "sim/strikes.h"

namespace distkv::sim {

struct Scenario;

inline constexpr uint32_t kNodesMax = 100;

struct Options {
  uint64_t seed = 1;
  uint32_t nodes = 5;     // Zero: drawn by the swarm.
  bool is_swarm = false;  // Each seed draws all options of its cluster (run_plan.h).
  EngineKind engine = EngineKind::kLsm;
  uint32_t seconds = 30;  // Of faults; forming before and healing after come on top.
  bool is_traced = false;
  std::optional<uint32_t> until;  // Seconds after the start at which the run just ends.
  // Played in place of drawn clients and faults, on the cluster that it tells of.
  std::shared_ptr<const Scenario> scenario;
  // One more failure, at one place of the scenario; what its statements expect is not judged then.
  std::optional<Strike> strike;
  // What of the drawn faults and operations takes place.
  Selection selection;
  bool keeps_steps = false;  // Lists them in the report.
};

// Runs to the first violation or to the end.
RunReport simulate(const Options& options);

}  // namespace distkv::sim
