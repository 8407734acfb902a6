// Who stands first in each row. First places carry more work (they mint and they answer), so each
// node gets one of R of its replicas, rounded down or up; a first place that need not move stays.
#pragma once

#include <cstdint>
#include <vector>

#include "ring/layout.h"

namespace distkv::ring {

// Moves the chosen member of each row of `row_size` to the front, keeping the others' order.
// `firsts_before` names the first of each row until now, or a node that is not in the row.
void spread_first_places(size_t row_size, size_t node_count,
                         const std::vector<NodeIndex>& firsts_before, std::vector<NodeIndex>& rows);

}  // namespace distkv::ring
