#include "storage/lsm/jobs.h"

#include <utility>

#include "base/check.h"
#include "storage/lsm/compaction/merge_rows.h"

namespace distkv::storage::lsm {

using base::Result;
using base::Status;
using base::Token;

namespace {

// Moves rows until `bytes` more are written. True when none are left.
Result<bool> copy_rows(Rows& rows, TableOutput& output, uint64_t bytes) {
  // Asking the writer how far it is costs little, but not nothing: once in a batch of rows.
  constexpr int kRowsBetweenLooks = 64;
  const uint64_t end = output.bytes_written() + bytes;
  while (!rows.is_at_end()) {
    for (int i = 0; i < kRowsBetweenLooks && !rows.is_at_end(); ++i, rows.next()) {
      if (Status added = output.add(rows.row()); !added.is_ok()) return added;
    }
    if (output.bytes_written() >= end) return false;
  }
  if (!rows.status().is_ok()) return rows.status();
  if (Status finished = output.finish(); !finished.is_ok()) return finished;
  return true;
}

std::vector<TableSummary> summaries_of(const TableOutput& output) {
  std::vector<TableSummary> summaries;
  for (const MadeTable& made : output.tables()) summaries.push_back(made.summary);
  return summaries;
}

}  // namespace

FlushJob::FlushJob(const TableFactory& factory,
                   std::vector<std::shared_ptr<const Memtable>> memtables, JobIds ids)
    : factory_(factory), memtables_(std::move(memtables)), ids_(ids) {}

void FlushJob::start_space() {
  std::vector<std::unique_ptr<Rows>> sources;
  for (const auto& memtable : memtables_) {
    DISTKV_DCHECK(memtable->is_frozen());
    sources.push_back(memtable->rows(space_at(space_), {}, false));
  }
  rows_ = sources.size() == 1 ? std::move(sources.front()) : merge_rows(std::move(sources), false);
  const FileId first = space_ == 0 ? ids_.file : outputs_[space_ - 1]->next_id();
  outputs_[space_] = std::make_unique<TableOutput>(factory_, space_at(space_), first);
}

Result<bool> FlushJob::step(uint64_t bytes) {
  for (; space_ < kSpaces; ++space_) {
    if (rows_ == nullptr) start_space();
    const auto is_done = copy_rows(*rows_, *outputs_[space_], bytes);
    if (!is_done.is_ok() || !*is_done) return is_done;
    rows_.reset();
  }
  return true;
}

void FlushJob::abandon() {
  for (auto& output : outputs_) {
    if (output != nullptr) output->remove_all();
  }
}

Edit FlushJob::edit() const {
  Edit edit;
  RunId next = ids_.run;
  for (size_t i = 0; i < kSpaces; ++i) {
    std::vector<TableSummary> tables = summaries_of(*outputs_[i]);
    if (tables.empty()) continue;
    Edit::Put& put = edit.puts.emplace_back();
    put.space = space_at(i);
    put.run.id = next;
    put.run.tables = std::move(tables);
    next = RunId{next.value() + 1};
  }
  edit.flushed = memtables_.front()->last();
  edit.next_file = outputs_[kSpaces - 1]->next_id();
  edit.next_run = next;
  return edit;
}

std::vector<MadeTable> FlushJob::tables() {
  std::vector<MadeTable> made;
  for (const auto& output : outputs_) {
    made.insert(made.end(), output->tables().begin(), output->tables().end());
  }
  return made;
}

uint64_t FlushJob::bytes_written() const {
  uint64_t bytes = 0;
  for (const auto& output : outputs_) bytes += output == nullptr ? 0 : output->bytes_written();
  return bytes;
}

MergeJob::MergeJob(const TableFactory& factory, std::shared_ptr<const Version> version,
                   const StoreState& state, const Merge& merge, JobIds ids)
    : version_(std::move(version)),
      merge_(merge),
      ids_(ids),
      base_(ids.run),
      output_(factory, merge.space, ids.file) {
  const std::vector<RunState>& runs = state.spaces[index_of(merge.space)];
  DISTKV_CHECK(!runs.empty() && !merge.runs.empty());
  if (runs.back().is_base) base_ = runs.back().id;
  const bool is_oldest = runs.back().id == merge.runs.back();
  const bool is_sweep = merge.kind == Merge::Kind::kSweep;
  std::vector<RunId> inputs = merge.runs;
  if (is_sweep && base_ != ids.run) inputs.push_back(base_);
  std::vector<std::unique_ptr<Rows>> sources;
  version_->add_rows_of(merge.space, inputs, merge.first, merge.last, damage_, sources);
  rows_ = merge_rows(std::move(sources), is_sweep || is_oldest);
}

Result<bool> MergeJob::step(uint64_t bytes) { return copy_rows(*rows_, output_, bytes); }

Edit MergeJob::edit() const {
  Edit edit;
  std::vector<TableSummary> tables = summaries_of(output_);
  if (merge_.kind == Merge::Kind::kSweep) {
    edit.sweep =
        Edit::Sweep{merge_.space, merge_.runs, base_, merge_.first, merge_.last, std::move(tables)};
  } else {
    Edit::Put& put = edit.puts.emplace_back();
    put.space = merge_.space;
    put.run.id = ids_.run;
    put.run.level = merge_.level;
    put.run.tables = std::move(tables);
    put.replaces = merge_.runs;
  }
  edit.next_file = output_.next_id();
  edit.next_run = RunId{ids_.run.value() + 1};
  return edit;
}

}  // namespace distkv::storage::lsm
