// Identities of the LSM's parts. All numbers are on disk and never reused within a store.
#pragma once

#include <cstdint>

#include "base/types.h"

namespace distkv::storage::lsm {

using StoreId = base::Strong<struct StoreTag, base::Id128>;  // Made with the store; in every seed.
using FileId = base::Strong<struct FileTag, uint64_t>;       // A table file.
using SegmentNumber = base::Strong<struct SegmentTag, uint64_t>;  // Log segments, from 1, in order.
using RunId = base::Strong<struct RunTag, uint64_t>;

}  // namespace distkv::storage::lsm
