// How far one step of a sweep goes, and how much of a run is left for it. Pure. Tokens are hashes,
// so a table's bytes are taken to be spread evenly over its tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "storage/lsm/manifest/state.h"

namespace distkv::storage::lsm {

// Of the rows that are not in the base already, estimated.
double live_bytes(const RunState& run);

// The last token of the step that sweeps `swept` into `base` (null: there is none yet) from `first`
// on: after about `stretch_bytes` of the base's tables, or as much of the swept runs where the base
// has none. Never within a table of the base and never into a damaged one; nullopt if a damaged one
// lies at `first`.
std::optional<base::Token> stretch_end(const std::vector<const RunState*>& swept,
                                       const RunState* base, base::Token first,
                                       uint64_t stretch_bytes, const std::set<FileId>& damaged);

}  // namespace distkv::storage::lsm
