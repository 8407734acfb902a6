// One immutable table file, open for reading; its filter and index stay in memory. Any thread may
// use it; it is shared as shared_ptr<const Table> by the versions, scans and reads that need it.
//
// Every block is checked against its checksum, seeded with store, file and offset, before a byte of
// it is believed: damage, or a block from elsewhere, is kCorrupt, never an absent key.
// Format: FORMAT.md, "Table".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/engine.h"
#include "storage/io/file_system.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/row.h"
#include "storage/lsm/sst/block_file.h"
#include "storage/lsm/sst/data_block.h"
#include "storage/lsm/sst/footer.h"
#include "storage/lsm/sst/table_filter.h"
#include "storage/lsm/sst/table_index.h"
#include "storage/lsm/sst/table_writer.h"

namespace distkv::storage::lsm {

// Buffers of one reader, kept from read to read; they only grow. What a find showed lives here
// until the next one.
struct ReadScratch {
  std::string stored;  // Block bytes as in the file.
  std::string block;   // Data block, unpacked.
  std::string value;   // Value block, unpacked.
};

class Table {
  struct Unloaded {};  // Only open() can make one.

 public:
  // Reads and checks footer, properties, filter and index. kCorrupt if they fail their checks or
  // contradict `summary`; kIo if they cannot be read.
  static base::Result<std::shared_ptr<const Table>> open(std::unique_ptr<io::File> file,
                                                         StoreId store,
                                                         const TableSummary& summary);

  // False: no row has this hash. True: perhaps (about 1 in 100 wrongly at 10 bits a key).
  bool may_contain(uint64_t hash) const { return filter_.may_contain(hash); }
  // Starts fetching what may_contain will look at.
  void prefetch(uint64_t hash) const { filter_.prefetch(hash); }

  // kFound, with an erased row if that is what it holds; kAbsent; or kWouldBlock (kCached only, and
  // also where a cached block is unsound: only who may wait can read it again and judge). `found`
  // points into `scratch`. With Part::kMeta a value that lies apart is not read and stays empty.
  // kCorrupt or kIo, naming path and offset.
  base::Result<Lookup> find(const PlaceView& place, Part part, Wait wait, ReadScratch& scratch,
                            Row& found) const;

  // Rows at or after `from` (after it, if `is_after`), to the end; blocking. With kMeta values that
  // lie apart stay empty. Reads ahead a few blocks at a time. The table must outlive it.
  std::unique_ptr<Rows> rows(const PlaceView& from, bool is_after, Part part) const;

  // Every row that can be read, whole; the walk goes on behind damage and ends well. `damage` gets
  // the tokens whose rows it had to leave out, ascending. The table and `damage` must outlive it.
  std::unique_ptr<Rows> spared_rows(std::vector<TokenSpan>& damage) const;

  // Reads the file from `offset` (0 or where the last step came to) and compares each block with
  // its checksum. Advances `offset` by at most `bytes_max`, but by one block at least; done when it
  // reaches summary().bytes. A step that covers the whole file compares the summary's checksum too.
  // kCorrupt or kIo, naming path and offset.
  base::Status scrub(uint64_t& offset, uint64_t bytes_max) const;

  // For open().
  Table(Unloaded, std::unique_ptr<io::File> file, StoreId store, const TableSummary& summary);

  const TableSummary& summary() const { return summary_; }
  const std::string& path() const { return file_.path(); }
  // Filter and index.
  uint64_t bytes_resident() const { return filter_.bytes_resident() + index_.bytes_resident(); }

 private:
  base::Status load();
  // The footer's bytes and what they say.
  base::Status read_footer(std::string& bytes, TableFooter& footer) const;
  base::Status load_properties(const TableFooter& footer);
  base::Status load_filter(const TableFooter& footer);
  base::Status load_index(const TableFooter& footer);
  // Reads the value of `stored` that lies apart; kWouldBlock or kFound.
  base::Result<Lookup> find_value(const StoredRow& stored, Wait wait, bool is_packed,
                                  ReadScratch& scratch, Row& found) const;

  BlockFile file_;
  TableSummary summary_;
  TableFilter filter_;
  TableIndex index_;
};

}  // namespace distkv::storage::lsm
