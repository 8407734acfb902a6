// How one LSM store is set up. Sizes are bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "storage/lsm/compaction/picker.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/sst/table_writer.h"

namespace distkv::storage::lsm {

struct Options {
  std::string directory;  // Created if it is missing; its parent must exist.
  StoreId new_store;      // The id a new store takes; random.

  uint64_t memtable_bytes = 64 << 20;      // A memtable this large is frozen and flushed.
  uint64_t log_pack_bytes_min = 64 << 10;  // Log frames this large are packed.
  uint64_t segment_bytes = 32 << 20;       // Of the log; a write of half of it is too large.
  uint64_t cache_bytes = 64 << 20;         // Object cache.
  uint64_t table_bytes = 64 << 20;         // A table is cut where it reaches this.
  TableOptions table;
  PickerOptions picker;

  // What has been written under Durability::kMemory is synced this often; nullopt: when the
  // system, a later kGroup write, a flush or close does it.
  std::optional<base::Duration> sync_interval;
  uint64_t pending_bytes_max = 64 << 20;  // Appended to the log and not written; see refusals.
  uint64_t ballast_bytes = 64 << 20;      // Kept on disk to be given up when the disk is full.
};

}  // namespace distkv::storage::lsm
