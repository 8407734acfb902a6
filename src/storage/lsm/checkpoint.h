// A copy of a store by hard links: free of bytes but for the manifest, openable as a store of its
// own. Blocks; background thread.
#pragma once

#include <string>

#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/manifest/state.h"

namespace distkv::storage::lsm {

// Links every table of `state` from `from` into `to`, a directory that does not exist yet, is
// empty, or holds what an interrupted copy left (its parent exists), and writes a manifest there.
// On the same file system. CURRENT comes last, so an interrupted copy is not mistaken for a store.
base::Status link_checkpoint(io::FileSystem& files, const std::string& from, const std::string& to,
                             StoreId store, const StoreState& state);

}  // namespace distkv::storage::lsm
