// Many runs: seeds in a row, spread over forked children, reported in the order of the seeds. A
// child that dies takes only its own run with it, and that run's seed is known.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/simulation.h"

namespace distkv::sim {

struct Campaign {
  Options options;  // Its seed is the first.
  uint64_t runs = 1;
  // Each seed plays all of these; none: seeds draw their runs.
  std::vector<std::shared_ptr<const Scenario>> scenarios;
  // Of the places of the scenarios one in so many is struck, in a run of its own; another one with
  // another seed. 1: all. Zero: none.
  uint64_t stride = 0;
  uint32_t jobs = 1;             // Children at a time.
  bool is_compared = false;      // Each seed twice; hashes must agree.
  bool keeps_going = false;      // Past the first failing seed.
  bool requires_points = false;  // Each of sometimes.h must be reached by some run.
};

// Prints what happened to standard output. 0: all runs passed; 1: one failed, or a point that is
// required was not reached; 2: no child could be started.
int run_campaign(const Campaign& campaign);

// Makes the failing run of these options small and prints what is left. 0: done; 1: it does not
// fail; 2: no child could be started.
int run_minimiser(const Options& options);

}  // namespace distkv::sim
