// A walk over one table's rows, or over those that damage has spared, reading ahead: a little at
// first, for a walk may be short, and twice as much each time until a read costs nothing beside its
// bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/lsm/row.h"
#include "storage/lsm/sst/block_file.h"
#include "storage/lsm/sst/data_block.h"
#include "storage/lsm/sst/table_index.h"

namespace distkv::storage::lsm {

// A stretch of the file in memory, from which blocks are taken in ascending order. Single owner.
class ReadAhead {
 public:
  explicit ReadAhead(const BlockFile& file) : file_(file) {}

  // How much the next read may take.
  uint64_t bytes_ahead() const { return bytes_ahead_; }
  bool covers(const Extent& extent) const;
  // Reads `extent` and what follows it, up to `end`; the bytes taken before are gone.
  base::Status fill(const Extent& extent, uint64_t end);
  // Checks and unpacks a block that is covered.
  base::Status open(const Extent& extent, std::string& unpacked, std::string_view& raw);

 private:
  const BlockFile& file_;
  std::string bytes_;  // Only grows; valid are those of `held_`.
  Extent held_;
  uint64_t bytes_ahead_ = 8 * 1024;  // Two blocks of the usual size.
};

class TableRows : public Rows {
 public:
  struct Start {
    PlaceView from;
    bool is_after;
  };
  // Where a walk goes on behind damage, and what it passed over.
  struct Spared {
    base::Token last;                // Of the table.
    std::vector<TokenSpan>& damage;  // Ascending; grows as the walk goes.
  };
  // `file` and `index` must outlive it.
  TableRows(const BlockFile& file, const TableIndex& index, const Start& start, Part part);
  // Every row that can be read. Ends well.
  TableRows(const BlockFile& file, const TableIndex& index, const Spared& spared);

  bool is_at_end() const override { return is_at_end_; }
  const Row& row() const override { return stored_.row; }
  void next() override;
  const base::Status& status() const override { return status_; }

 private:
  void seek(const Start& start);
  // Opens block `number_`, or the next sound one; false at the end or on an error.
  bool load_block();
  base::Status open_block();
  // Passes over damage, in the block or in the value of the row at hand; false, and the walk has
  // ended, if it may not.
  bool pass_block();
  bool pass_value(base::Status why);
  bool pass_over(const TokenSpan& span, base::Status why);
  TokenSpan span_of_block() const;
  // Shows row `at_`, or the first of the next block.
  void show();
  base::Status load_value();
  // Where the data blocks end that follow `number_` without a gap and fit the next read.
  uint64_t contiguous_end() const;
  void end(base::Status status);

  const BlockFile& file_;
  const TableIndex& index_;
  const Part part_;
  const std::optional<Spared> spared_;
  ReadAhead blocks_;
  ReadAhead values_;
  std::string unpacked_block_;
  std::string unpacked_value_;
  size_t number_ = 0;  // Of the block.
  DataBlock block_;
  size_t at_ = 0;  // In the block.
  StoredRow stored_;
  bool is_at_end_ = false;
  base::Status status_;
};

}  // namespace distkv::storage::lsm
