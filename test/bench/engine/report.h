// The result as text: a table for each workload, then one line for each with the ratios.
#pragma once

#include <string>
#include <vector>

#include "bench/engine/options.h"
#include "bench/engine/rounds.h"

namespace distkv::bench {

// Medians over the rounds. Losing rows are printed like winning ones.
std::string report_of(const Options& options, const std::vector<StoreKind>& stores,
                      const std::vector<Workload>& workloads, const Samples& samples);

}  // namespace distkv::bench
