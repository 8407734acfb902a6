#include "storage/lsm/manifest/state.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

namespace distkv::storage::lsm {
namespace {

using base::Code;
using base::Status;

Status broken(const std::string& what) { return {Code::kCorrupt, "store state: " + what}; }

std::string name_of(const RunState& run) { return "run " + std::to_string(run.id.value()); }

std::string name_of(const TableSummary& table) {
  return "table " + std::to_string(table.file.value());
}

std::set<FileId> files_of(const StoreState& state) {
  std::set<FileId> files;
  for (const auto& runs : state.spaces) {
    for (const auto& run : runs) {
      for (const auto& table : run.tables) files.insert(table.file);
    }
  }
  return files;
}

Status check_table(const TableSummary& table, Space space) {
  if (table.space != space) return broken(name_of(table) + " is of another space than its run");
  if (table.rows == 0 || table.bytes == 0) return broken(name_of(table) + " is empty");
  if (table.tombstones > table.rows) {
    return broken(name_of(table) + " has more tombstones than rows");
  }
  if (table.first > table.last) return broken(name_of(table) + " ends before it starts");
  return Status::ok();
}

Status check_tables(const RunState& run, Space space) {
  for (size_t i = 0; i < run.tables.size(); ++i) {
    const auto& table = run.tables[i];
    if (auto status = check_table(table, space); !status.is_ok()) return status;
    if (table.last < run.live_from) {
      return broken(name_of(table) + " ends before its run is live");
    }
    if (i > 0 && table.first <= run.tables[i - 1].last) {
      return broken(name_of(table) + " overlaps " + name_of(run.tables[i - 1]) + " of " +
                    name_of(run));
    }
  }
  return Status::ok();
}

// What a run may be at its place: `newer` is the one above it, null for the newest.
Status check_place(const RunState& run, const RunState* newer) {
  if (run.is_base && run.is_swept()) return broken("the base, " + name_of(run) + ", is swept");
  if (newer != nullptr && newer->is_base) return broken(name_of(run) + " is older than the base");
  if (!run.is_base && run.tables.empty()) {
    return broken(name_of(run) + " has no table");
  }
  if (newer == nullptr || run.is_base) return Status::ok();
  if (newer->is_swept() && run.live_from != newer->live_from) {
    return broken(name_of(run) + " and " + name_of(*newer) + " are swept to different tokens");
  }
  if (!run.is_swept() && run.level < newer->level) {
    return broken(name_of(run) + " is older than " + name_of(*newer) + " and on a lower level");
  }
  return Status::ok();
}

Status check_space(const std::vector<RunState>& runs, Space space) {
  for (size_t i = 0; i < runs.size(); ++i) {
    auto status = check_place(runs[i], i == 0 ? nullptr : &runs[i - 1]);
    if (status.is_ok()) status = check_tables(runs[i], space);
    if (!status.is_ok()) return status;
  }
  const bool is_swept = std::any_of(runs.begin(), runs.end(), [](auto& r) { return r.is_swept(); });
  if (is_swept && !runs.back().is_base) return broken("a sweep has begun, but there is no base");
  return Status::ok();
}

// Every number was given once, by this store.
Status check_numbers(const StoreState& state) {
  std::set<RunId> run_ids;
  std::set<FileId> files;
  for (const auto& runs : state.spaces) {
    for (const auto& run : runs) {
      if (run.id.value() == 0 || run.id >= state.next_run) {
        return broken(name_of(run) + " was never given as a number");
      }
      if (!run_ids.insert(run.id).second) return broken(name_of(run) + " is there twice");
      for (const auto& table : run.tables) {
        if (table.file.value() == 0 || table.file >= state.next_file) {
          return broken(name_of(table) + " was never given as a number");
        }
        if (!files.insert(table.file).second) return broken(name_of(table) + " is there twice");
      }
    }
  }
  return Status::ok();
}

uint64_t sum_of(const RunState& run, uint64_t TableSummary::*member) {
  uint64_t sum = 0;
  for (const auto& table : run.tables) sum += table.*member;
  return sum;
}

}  // namespace

uint64_t RunState::bytes() const { return sum_of(*this, &TableSummary::bytes); }
uint64_t RunState::rows() const { return sum_of(*this, &TableSummary::rows); }
uint64_t RunState::tombstones() const { return sum_of(*this, &TableSummary::tombstones); }

Status check(const StoreState& state) {
  for (size_t i = 0; i < kSpaces; ++i) {
    auto status = check_space(state.spaces[i], space_at(i));
    if (!status.is_ok()) return status;
  }
  return check_numbers(state);
}

std::vector<FileId> dropped_files(const StoreState& before, const StoreState& after) {
  const auto old_files = files_of(before);
  const auto new_files = files_of(after);
  std::vector<FileId> dropped;
  std::set_difference(old_files.begin(), old_files.end(), new_files.begin(), new_files.end(),
                      std::back_inserter(dropped));
  return dropped;
}

}  // namespace distkv::storage::lsm
