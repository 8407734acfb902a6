// The parent's work: rounds in which every workload runs on all stores one after another, each in a
// child of its own, beginning with another store each round.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bench/engine/options.h"
#include "bench/engine/sample.h"

namespace distkv::bench {

// Samples of each round, by workload and store.
using Samples = std::map<std::string, std::map<std::string, std::vector<Sample>>>;

// The workloads that `names` ask for, in the order of a round; where one needs records that none
// fills in, fillrandom is among them. Ends the program if a name fits none.
std::vector<Workload> chosen_workloads(const std::vector<std::string>& names);
// Likewise; stores that are not built in are left out with a word on stderr.
std::vector<StoreKind> chosen_stores(const std::vector<std::string>& names);

// Blocks until all is measured; a line of progress on stderr for each child. Ends the program if a
// child fails.
Samples run_rounds(const Options& options, const std::vector<StoreKind>& stores,
                   const std::vector<Workload>& workloads);

}  // namespace distkv::bench
