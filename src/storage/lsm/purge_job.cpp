#include "storage/lsm/purge_job.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::storage::lsm {

using base::Result;
using base::Status;
using base::Token;

namespace {

bool covers(const std::vector<TokenSpan>& spans, Token token) {
  return std::any_of(spans.begin(), spans.end(), [&](const TokenSpan& span) {
    return span.first <= token && token <= span.last;
  });
}

bool covers(const std::vector<TokenSpan>& spans, const TokenSpan& wanted) {
  return std::any_of(spans.begin(), spans.end(), [&](const TokenSpan& span) {
    return span.first <= wanted.first && wanted.last <= span.last;
  });
}

}  // namespace

std::vector<TokenSpan> survey_damage(const TableSlot& slot) {
  if (slot.table == nullptr) return {{slot.summary.first, slot.summary.last}};
  std::vector<TokenSpan> damage;
  const auto rows = slot.table->spared_rows(damage);
  while (!rows->is_at_end()) rows->next();
  return damage;
}

PurgeJob::PurgeJob(const TableFactory& factory, std::shared_ptr<const Version> version,
                   const TableSlots& slots, const StoreState& state, DamageMap damage, JobIds ids)
    : factory_(factory), version_(std::move(version)), damage_(std::move(damage)), ids_(ids) {
  DISTKV_CHECK(!damage_.empty());
  for (size_t i = 0; i < kSpaces; ++i) {
    for (const RunState& run : state.spaces[i]) add_run(run, slots, screens_[i]);
  }
}

// Tables of one run do not overlap, so none of them is a screen for another.
void PurgeJob::add_run(const RunState& run, const TableSlots& slots, std::vector<Screen>& screens) {
  std::vector<Screen> added;
  for (const TableSummary& table : run.tables) {
    const auto& slot = slots.at(table.file);
    const auto damage = damage_.find(table.file);
    const bool is_damaged = damage != damage_.end();
    const bool is_screened = std::any_of(screens.begin(), screens.end(), [&](const auto& screen) {
      return screen.slot->summary.first <= table.last && table.first <= screen.slot->summary.last;
    });
    if (is_damaged || is_screened) {
      targets_.push_back(
          {slot, run.live_from, screens.size(), is_damaged ? &damage->second : nullptr});
    }
    if (!is_damaged) continue;
    Screen& screen = added.emplace_back(Screen{slot, {}});
    for (const TokenSpan& span : damage->second) {
      if (span.last < run.live_from) continue;
      screen.spans.push_back({std::max(span.first, run.live_from), span.last});
    }
  }
  screens.insert(screens.end(), added.begin(), added.end());
}

Result<bool> PurgeJob::step(uint64_t bytes) {
  if (target_ == targets_.size()) return true;
  const Target& target = targets_[target_];
  if (rows_ == nullptr) {
    const auto is_needed = start(target);
    if (!is_needed.is_ok()) return is_needed;
    if (!*is_needed) ++target_;
    return target_ == targets_.size();
  }
  const auto is_done = copy_rows(target, bytes);
  if (!is_done.is_ok()) return is_done;
  if (*is_done) {
    rows_.reset();
    ++target_;
  }
  return target_ == targets_.size();
}

Result<bool> PurgeJob::start(const Target& target) {
  if (target.damage == nullptr) {
    const auto has_hidden = has_hidden_row(target);
    if (!has_hidden.is_ok() || !*has_hidden) return has_hidden;
  }
  const TableSummary& old = target.slot->summary;
  const FileId next = swapped_.empty() ? ids_.file : swapped_.back().output.next_id();
  swapped_.push_back({old, TableOutput(factory_, old.space, next)});
  passed_over_.clear();
  if (target.slot->table == nullptr) return false;  // Nothing can be read: it just goes.
  const PlaceView first{std::max(old.first, target.live_from), {}};
  rows_ = target.damage == nullptr ? target.slot->table->rows(first, false, Part::kAll)
                                   : target.slot->table->spared_rows(passed_over_);
  return true;
}

Result<bool> PurgeJob::has_hidden_row(const Target& target) {
  const TableSlot& slot = *target.slot;
  const auto& screens = screens_[index_of(slot.summary.space)];
  for (size_t i = 0; i < target.screens; ++i) {
    for (const TokenSpan& span : screens[i].spans) {
      if (span.last < slot.summary.first || slot.summary.last < span.first) continue;
      // Not open, and not among those to be healed.
      if (slot.table == nullptr) return fail(target, slot.why);
      const Token first = std::max(span.first, target.live_from);
      const auto rows = slot.table->rows({first, {}}, false, Part::kAll);
      for (; !rows->is_at_end() && rows->row().place.token <= span.last; rows->next()) {
        if (is_hidden(rows->row(), target)) return true;
      }
      if (!rows->status().is_ok()) return fail(target, rows->status());
    }
  }
  return false;
}

bool PurgeJob::is_hidden(const Row& row, const Target& target) {
  const uint64_t hash = hash_of(row.place);
  const auto& screens = screens_[index_of(target.slot->summary.space)];
  const auto end = screens.begin() + static_cast<std::ptrdiff_t>(target.screens);
  return std::any_of(screens.begin(), end, [&](const Screen& screen) {
    if (!covers(screen.spans, row.place.token)) return false;
    if (screen.slot->table == nullptr) return true;
    if (!screen.slot->table->may_contain(hash)) return false;
    Row found;
    return !screen.slot->table->find(row.place, Part::kAll, Wait::kBlocking, scratch_, found)
                .is_ok();
  });
}

Result<bool> PurgeJob::copy_rows(const Target& target, uint64_t bytes) {
  // Some milliseconds, also where every row goes.
  constexpr int kRowsMax = 1 << 14;
  TableOutput& output = swapped_.back().output;
  const uint64_t end = output.bytes_written() + bytes;
  for (int i = 0; i < kRowsMax && !rows_->is_at_end(); ++i, rows_->next()) {
    if (output.bytes_written() >= end) return false;
    const Row& row = rows_->row();
    if (row.place.token < target.live_from) continue;
    if (is_hidden(row, target)) {
      ++rows_dropped_;
    } else if (Status added = output.add(row); !added.is_ok()) {
      return added;
    }
  }
  if (!rows_->is_at_end()) return false;
  if (!rows_->status().is_ok()) return fail(target, rows_->status());
  for (const TokenSpan& span : passed_over_) {
    if (!covers(*target.damage, span)) {
      return fail(target, {base::Code::kCorrupt, "more of it is damaged than was known"});
    }
  }
  if (Status finished = output.finish(); !finished.is_ok()) return finished;
  return true;
}

Status PurgeJob::fail(const Target& target, Status why) {
  damaged_ = target.slot->summary.file;
  return why;
}

void PurgeJob::abandon() {
  for (Swapped& swapped : swapped_) swapped.output.remove_all();
}

Edit PurgeJob::edit() const {
  Edit edit;
  edit.next_file = ids_.file;
  edit.next_run = ids_.run;
  for (const Swapped& swapped : swapped_) {
    Edit::Swap& swap = edit.swaps.emplace_back();
    swap.space = swapped.old.space;
    swap.old = swapped.old.file;
    for (const MadeTable& made : swapped.output.tables()) swap.with.push_back(made.summary);
    edit.next_file = swapped.output.next_id();
  }
  return edit;
}

std::vector<MadeTable> PurgeJob::tables() {
  std::vector<MadeTable> made;
  for (const Swapped& swapped : swapped_) {
    made.insert(made.end(), swapped.output.tables().begin(), swapped.output.tables().end());
  }
  return made;
}

uint64_t PurgeJob::bytes_written() const {
  uint64_t bytes = 0;
  for (const Swapped& swapped : swapped_) bytes += swapped.output.bytes_written();
  return bytes;
}

}  // namespace distkv::storage::lsm
