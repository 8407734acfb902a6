// Opening a store: what is on disk becomes the parts of an engine. Blocks; nothing runs meanwhile.
//
// Steps, each of which a crash may interrupt without harm: lock, manifest, tables, the log's
// commits that no table has, a fresh manifest, then the removal of files no manifest names.
#pragma once

#include <memory>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "storage/lsm/maintenance.h"
#include "storage/lsm/memtable/memtable.h"
#include "storage/lsm/options.h"
#include "storage/lsm/wal/log.h"

namespace distkv::storage::lsm {

struct Recovered {
  std::unique_ptr<io::Lock> lock;
  Maintenance::Start start;
  LogTail tail;
  std::vector<std::shared_ptr<Memtable>> memtables;  // Oldest first; only the last may be small.
};

LogOptions log_options_of(const Options& options, StoreId store);
// The largest commit: it must fit a frame, and a frame half a segment.
uint64_t commit_bytes_max(const Options& options);

// A new store if the directory is empty or missing. kUnavailable if another process has it;
// kCorrupt, saying where and what to do, if the manifest or the log's middle is damaged; kIo. A
// damaged table does not fail the open: its keys are answered kCorrupt.
base::Result<Recovered> recover(io::FileSystem& files, const Options& options,
                                const std::shared_ptr<ArenaPool>& pool, base::Log& log);

}  // namespace distkv::storage::lsm
