// Rows in, tables out: cuts where a table is full, never within a token. What flushes and merges
// share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/row.h"
#include "storage/lsm/sst/table.h"
#include "storage/lsm/sst/table_writer.h"

namespace distkv::storage::lsm {

// Where tables are made. `files` outlives what uses it.
struct TableFactory {
  io::FileSystem* files = nullptr;
  std::string directory;
  StoreId store;
  TableOptions table;
  uint64_t table_bytes = 0;
};

// A table that is complete, synced and open again for reading.
struct MadeTable {
  TableSummary summary;
  std::shared_ptr<const Table> table;
};

class TableOutput {
 public:
  // Tables get the ids from `first_id` on.
  TableOutput(const TableFactory& factory, Space space, FileId first_id)
      : factory_(factory), space_(space), next_id_(first_id) {}

  base::Status add(const Row& row);
  // Completes the last table. No rows: no tables.
  base::Status finish();
  // After an error or instead of finishing: removes every file made.
  void remove_all();

  uint64_t bytes_written() const;
  FileId next_id() const { return next_id_; }
  const std::vector<MadeTable>& tables() const { return tables_; }

 private:
  base::Status start_table();
  base::Status finish_table();

  TableFactory factory_;
  Space space_;
  FileId next_id_;
  std::unique_ptr<TableWriter> writer_;
  FileId writing_;
  base::Token last_;
  std::vector<MadeTable> tables_;
  uint64_t bytes_finished_ = 0;
};

}  // namespace distkv::storage::lsm
