// Merges as arithmetic: what tables come out of a flush or a picked merge, without any row. Keys
// are drawn evenly from a population, so that runs share keys as random overwrites do.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/lsm/compaction/picker.h"
#include "storage/lsm/manifest/state.h"

namespace distkv::storage::lsm {

struct Reach {
  base::Token first;
  base::Token last{UINT64_MAX};
};

class CompactionModel {
 public:
  struct Options {
    double keys = 1e6;  // Of each space, evenly spread over all tokens.
    uint64_t row_bytes = 73;
    uint64_t table_bytes = 64 << 20;
  };
  struct Amount {
    uint64_t rows = 0;
    uint64_t tombstones = 0;
  };

  explicit CompactionModel(const Options& options) : options_(options) {}

  const StoreState& state() const { return state_; }
  uint64_t bytes_flushed() const { return bytes_flushed_; }
  uint64_t bytes_merged() const { return bytes_merged_; }
  void forget_bytes() { bytes_flushed_ = bytes_merged_ = 0; }

  void flush(Space space, const Amount& amount, const Reach& reach);
  // Applies the merge; answers the bytes it wrote. It must fit the state.
  uint64_t run(const Merge& merge);
  // Of all tables, dead parts of swept runs included.
  uint64_t bytes() const;
  // The most a read in the space may have to look at.
  size_t runs(Space space) const { return state_.spaces[index_of(space)].size(); }

 private:
  struct Content {
    double rows = 0;
    double tombstones = 0;
    Reach reach;
  };
  Content content_of(const RunState& run, const Reach& reach) const;
  Content merged(const std::vector<Content>& inputs, const Reach& reach) const;
  std::vector<TableSummary> tables_of(Space space, const Content& content);
  const RunState& run_of(Space space, RunId id) const;
  RunState make_run(std::vector<TableSummary> tables, uint8_t level);
  void install(Edit edit);

  Options options_;
  StoreState state_;
  uint64_t files_ = 1;
  uint64_t runs_ = 1;
  uint64_t bytes_flushed_ = 0;
  uint64_t bytes_merged_ = 0;
};

}  // namespace distkv::storage::lsm
