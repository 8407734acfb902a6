// An oracle that shares nothing with the placement it judges: the fewest replicas that must move
// for given counts by node, as a textbook minimum-cost flow. Slow; for small clusters.
#pragma once

#include <cstdint>

#include "ring/layout.h"

namespace distkv::ring {

// From `before` to any table with the counts by node of `after`, no node twice in a row, and of
// every rack's total floor or ceiling of total / Q in each row.
uint32_t least_movement(const Layout& before, const Layout& after);

}  // namespace distkv::ring
