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

#include "base/result.h"
#include "storage/engine.h"
#include "storage/io/file_system.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/row.h"
#include "storage/lsm/sst/table_writer.h"

namespace distkv::storage::lsm {

// kCached reads only what the system has in memory and answers kWouldBlock otherwise.
enum class Wait : uint8_t { kCached, kBlocking };

// Buffers of one reader, kept from read to read. What a find showed lives here until the next one.
struct ReadScratch {
  std::string stored;  // Block bytes as in the file.
  std::string block;   // Data block, unpacked.
  std::string value;   // Value block, unpacked.
};

class Table {
 public:
  // Reads and checks footer, properties, filter and index. kCorrupt if they fail their checks or
  // contradict `summary`.
  static base::Result<std::shared_ptr<const Table>> open(std::unique_ptr<io::File> file,
                                                         StoreId store,
                                                         const TableSummary& summary);
  ~Table();

  // False: no row has this hash. True: perhaps (about 1 in 100 wrongly at 10 bits a key).
  bool may_contain(uint64_t hash) const;
  // Starts fetching what may_contain will look at.
  void prefetch(uint64_t hash) const;

  // kFound, with an erased row if that is what it holds; kAbsent; or kWouldBlock (kCached only).
  // `found` points into `scratch`. With Part::kMeta a value that lies apart is not read and stays
  // empty.
  base::Result<Lookup> find(const PlaceView& place, Part part, Wait wait, ReadScratch& scratch,
                            Row& found) const;

  // Rows at or after `from` (after it, if `is_after`), to the end; blocking. With kMeta values that
  // lie apart stay empty. Reads ahead a few blocks at a time. The table must outlive it.
  std::unique_ptr<Rows> rows(const PlaceView& from, bool is_after, Part part) const;

  // Reads the whole file and compares it with the summary's checksum and each block with its own.
  // In steps: checks at most `bytes_max` from `offset` on and advances it; done when it reaches
  // summary().bytes.
  base::Status scrub(uint64_t& offset, uint64_t bytes_max) const;

  const TableSummary& summary() const;
  const std::string& path() const;
  // Filter and index.
  uint64_t bytes_resident() const;

 private:
  class Impl;
  explicit Table(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace distkv::storage::lsm
