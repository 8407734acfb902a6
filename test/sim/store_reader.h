// Reads all that an LSM store holds, on a copy of its disk: what a program that started now would
// be shown.
#pragma once

#include <set>

#include "base/result.h"
#include "sim/store_account.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/options.h"

namespace distkv::sim {

// `known`: places to ask for one by one where a damaged store cannot be read as a whole. Errors as
// LsmEngine::open.
base::Result<Found> read_store(const storage::io::test::SimFileSystem& disk,
                               const storage::lsm::Options& options, const std::set<Place>& known);

}  // namespace distkv::sim
