// Rewrites a stack without what damage may hide: the last step of healing, once everything the
// store should hold of the damaged tokens was written again above.
//
// A damaged table gives way to its sound rows. Of the tables below it, a row goes if the damaged
// table might have held a newer version of its key and cannot be asked: kept, it would come back
// from the dead. It is asked exactly as a read asks it, so that what a read still answers is never
// lost. All of it is one edit: after a crash everything is as before or as after.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "storage/lsm/jobs.h"

namespace distkv::storage::lsm {

// Damaged tables and the tokens whose rows cannot be read, ascending, as a survey found them.
using DamageMap = std::map<FileId, std::vector<TokenSpan>>;

// Walks over the whole table. A table that is not even open has lost all its tokens.
std::vector<TokenSpan> survey_damage(const TableSlot& slot);

class PurgeJob : public Job {
 public:
  // `state` is what `version` was made of, and names every table of `damage`.
  PurgeJob(const TableFactory& factory, std::shared_ptr<const Version> version,
           const TableSlots& slots, const StoreState& state, DamageMap damage, JobIds ids);
  base::Result<bool> step(uint64_t bytes) override;
  void abandon() override;
  Edit edit() const override;
  std::vector<MadeTable> tables() override;
  uint64_t bytes_written() const override;
  // A table that must be rewritten and is damaged beyond what was surveyed.
  std::optional<FileId> damaged() const override { return damaged_; }
  uint64_t rows_dropped() const { return rows_dropped_; }

 private:
  // A damaged table, as those below it see it.
  struct Screen {
    std::shared_ptr<const TableSlot> slot;
    std::vector<TokenSpan> spans;  // Without those that are dead in its run.
  };
  // A table to look through, and how many of its space's screens are above it.
  struct Target {
    std::shared_ptr<const TableSlot> slot;
    base::Token live_from;
    size_t screens = 0;
    const std::vector<TokenSpan>* damage = nullptr;  // Not null: damaged itself.
  };
  struct Swapped {
    TableSummary old;
    TableOutput output;
  };

  void add_run(const RunState& run, const TableSlots& slots, std::vector<Screen>& screens);
  // Opens the walk over a target; false if it can stay as it is.
  base::Result<bool> start(const Target& target);
  base::Result<bool> has_hidden_row(const Target& target);
  // True when the target under way is done.
  base::Result<bool> copy_rows(const Target& target, uint64_t bytes);
  base::Status fail(const Target& target, base::Status why);
  bool is_hidden(const Row& row, const Target& target);

  TableFactory factory_;
  std::shared_ptr<const Version> version_;  // Keeps the tables' files.
  DamageMap damage_;
  JobIds ids_;
  std::array<std::vector<Screen>, kSpaces> screens_;  // Newest first.
  std::vector<Target> targets_;
  size_t target_ = 0;
  std::unique_ptr<Rows> rows_;  // Of the target under way.
  std::vector<TokenSpan> passed_over_;
  std::vector<Swapped> swapped_;
  ReadScratch scratch_;
  uint64_t rows_dropped_ = 0;
  std::optional<FileId> damaged_;
};

}  // namespace distkv::storage::lsm
