// Writes one table file: rows of one space, ascending, each place once. Data goes out block by
// block and is written out to the device every 1 MiB, so that the sync at the end is short.
// Format: FORMAT.md, "Table".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/row.h"
#include "storage/lsm/sst/data_block.h"
#include "storage/lsm/sst/sealed_block.h"
#include "storage/lsm/sst/table_index.h"

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

  // Rows must ascend strictly, and an erased one has neither meta nor value. kTooLarge above the
  // limits of format.h; kIo and kNoSpace from the system. After an error the file is worthless and
  // every later call answers that error again.
  base::Status add(const Row& row);
  uint64_t rows() const { return summary_.rows; }
  // Written and still gathered: where to cut.
  uint64_t bytes() const;
  // Writes what is left and syncs the file (not its name). At least one row was added.
  base::Result<TableSummary> finish();

 private:
  void check_order(const PlaceView& place);
  void count(const Row& row);
  base::Status check_size(const Row& row) const;
  bool is_apart(const Row& row) const;
  void append(const Row& row);
  void end_block();
  // Appends a sealed block to what is gathered.
  Extent seal(BlockSealer& sealer, std::string_view raw, int haste = 1);
  base::Status write_gathered();
  base::Status write_tail();
  uint64_t offset() const { return written_ + gathered_.size(); }

  std::unique_ptr<io::File> file_;
  TableOptions options_;
  BlockSeed seed_;
  BlockSealer data_sealer_;
  BlockSealer value_sealer_;
  BlockSealer plain_sealer_;
  TableSummary summary_;
  base::Status status_;
  DataBlockBuilder block_;
  TableIndexBuilder index_;
  std::vector<uint64_t> hashes_;  // Of all rows, for the filter.
  std::string last_key_;
  std::string gathered_;      // Sealed, not yet written.
  uint64_t written_ = 0;      // Bytes of the file so far.
  uint64_t written_out_ = 0;  // Of these, on their way to the device.
  base::Hash128Stream hash_;
};

}  // namespace distkv::storage::lsm
