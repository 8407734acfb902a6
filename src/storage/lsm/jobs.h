// Background work in steps: a flush of memtables into tables, a merge of runs. A job runs on the
// background thread, one step at a time, so that more urgent work gets in between and a simulated
// crash can fall anywhere; it touches nothing but what it was given. When it is done the owner
// installs its edit.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "storage/lsm/compaction/picker.h"
#include "storage/lsm/memtable/memtable.h"
#include "storage/lsm/table_output.h"
#include "storage/lsm/version.h"

namespace distkv::storage::lsm {

class Job {
 public:
  virtual ~Job() = default;
  // Works on about `bytes` of output. True when there is nothing left to do.
  virtual base::Result<bool> step(uint64_t bytes) = 0;
  // Removes the files made; the job is over.
  virtual void abandon() = 0;
  // After step() said true: the change, complete but for `flushed` and `log_floor`.
  virtual Edit edit() const = 0;
  // The tables the edit names, open.
  virtual std::vector<MadeTable> tables() = 0;
  virtual uint64_t bytes_written() const = 0;
  // The table that a failed step could not read, if that is why it failed.
  virtual std::optional<FileId> damaged() const { return std::nullopt; }
};

// Numbers a job may use, from these on.
struct JobIds {
  FileId file;
  RunId run;
};

// Memtables, newest first and frozen, become one run of level 0 for each space they have keys of.
class FlushJob : public Job {
 public:
  FlushJob(const TableFactory& factory, std::vector<std::shared_ptr<const Memtable>> memtables,
           JobIds ids);
  base::Result<bool> step(uint64_t bytes) override;
  void abandon() override;
  Edit edit() const override;
  std::vector<MadeTable> tables() override;
  uint64_t bytes_written() const override;
  const std::vector<std::shared_ptr<const Memtable>>& memtables() const { return memtables_; }

 private:
  void start_space();

  TableFactory factory_;
  std::vector<std::shared_ptr<const Memtable>> memtables_;
  JobIds ids_;
  size_t space_ = 0;
  std::unique_ptr<Rows> rows_;
  std::array<std::unique_ptr<TableOutput>, kSpaces> outputs_;
};

// What the picker chose. A stack merge keeps tombstones unless nothing older is left to hide; a
// sweep drops them, as the base is the oldest run.
class MergeJob : public Job {
 public:
  MergeJob(const TableFactory& factory, std::shared_ptr<const Version> version,
           const StoreState& state, const Merge& merge, JobIds ids);
  base::Result<bool> step(uint64_t bytes) override;
  void abandon() override { output_.remove_all(); }
  Edit edit() const override;
  std::vector<MadeTable> tables() override { return output_.tables(); }
  uint64_t bytes_written() const override { return output_.bytes_written(); }
  std::optional<FileId> damaged() const override { return damage_.file; }
  const Merge& merge() const { return merge_; }

 private:
  std::shared_ptr<const Version> version_;
  Merge merge_;
  JobIds ids_;
  RunId base_;
  Damage damage_;
  std::unique_ptr<Rows> rows_;
  TableOutput output_;
};

}  // namespace distkv::storage::lsm
