// Writes one table file: rows of one space, ascending, each place once. Data goes out block by
// block and is written out to the device every 1 MiB, so that the sync at the end is short.
// Format: FORMAT.md, "Table".
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/row.h"

namespace distkv::storage::lsm {

struct TableOptions {
  size_t block_bytes = 4096;        // Of rows, before compression.
  size_t value_apart_min = 4096;    // Values this large get a block of their own.
  size_t filter_bits_per_key = 10;  // 0: no filter.
  bool is_compressed = true;        // LZ4, per block, where it saves an eighth.
};

// What a table holds; kept in the manifest, so that a table that cannot be read still has a place.
struct TableSummary {
  FileId file;
  Space space = Space::kData;
  uint64_t bytes = 0;      // Of the file.
  uint64_t bytes_raw = 0;  // Of keys, metas and values.
  uint64_t rows = 0;
  uint64_t tombstones = 0;  // Of `rows`.
  base::Token first;        // Of the first and the last row.
  base::Token last;
  base::Id128 checksum;  // XXH3-128 of the whole file.
  friend bool operator==(const TableSummary&, const TableSummary&) = default;
};

class TableWriter {
 public:
  // `file` is new and empty. `store` and `id` seed every checksum.
  TableWriter(std::unique_ptr<io::File> file, StoreId store, FileId id, Space space,
              const TableOptions& options);
  ~TableWriter();

  // Rows must ascend strictly. After an error the file is worthless.
  base::Status add(const Row& row);
  uint64_t rows() const;
  // Written and still gathered: where to cut.
  uint64_t bytes() const;
  // Writes what is left and syncs the file (not its name). At least one row was added.
  base::Result<TableSummary> finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace distkv::storage::lsm
