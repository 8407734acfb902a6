// Builds tables from rows a test owns, and reads them back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/lsm/sst/memory_file.h"
#include "storage/lsm/sst/table.h"

namespace distkv::storage::lsm::test {

struct OwnRow {
  uint64_t token = 0;
  std::string key;
  std::string meta;
  std::string value;
  bool is_erased = false;
  friend bool operator==(const OwnRow&, const OwnRow&) = default;

  PlaceView place() const { return {base::Token(token), key}; }
  Row view() const { return {place(), meta, value, is_erased}; }
  static OwnRow of(const Row& row) {
    return {row.place.token.value(), std::string(row.place.key), std::string(row.meta),
            std::string(row.value), row.is_erased};
  }
};

using OwnRows = std::vector<OwnRow>;

inline const StoreId kStore{base::Id128{0x0123456789abcdef, 0xfedcba9876543210}};
inline const FileId kFile{7};

// `count` rows of well spread tokens, ascending, of all sorts: some erased, some without meta, some
// empty, a few with values up to `value_bytes_max`. The seed decides them.
OwnRows make_rows(size_t count, uint64_t seed, size_t value_bytes_max = 200);

struct BuiltTable {
  std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>();
  TableSummary summary;

  base::Result<std::shared_ptr<const Table>> try_open(StoreId store = kStore) const;
  std::shared_ptr<const Table> open() const;
};

BuiltTable build(const OwnRows& rows, const TableOptions& options = {}, FileId file = kFile,
                 StoreId store = kStore);

// All rows from a place on; the walk must end well.
OwnRows read_all(const Table& table, const PlaceView& from = {}, bool is_after = false,
                 Part part = Part::kAll);

// Finds each row as it is, and none beside it.
void check_finds(const Table& table, const OwnRows& rows);

}  // namespace distkv::storage::lsm::test
