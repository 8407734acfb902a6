// Several ordered walks as one: at each place the row of the newest source that has it.
#pragma once

#include <memory>
#include <vector>

#include "storage/lsm/row.h"

namespace distkv::storage::lsm {

// `sources` newest first. Tombstones come out unless `drops_tombstones`. Ends early, with its
// status, when a source fails.
std::unique_ptr<Rows> merge_rows(std::vector<std::unique_ptr<Rows>> sources, bool drops_tombstones);
// The rows of `source` up to `last`, included.
std::unique_ptr<Rows> rows_until(std::unique_ptr<Rows> source, base::Token last);

}  // namespace distkv::storage::lsm
