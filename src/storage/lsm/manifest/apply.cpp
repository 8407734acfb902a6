// An edit is tried on a copy: its own rules first, then check() judges what came of it. A state has
// some thousand tables at most and an edit comes with a table written, so the copy costs nothing.
#include <algorithm>
#include <string>

#include "storage/lsm/manifest/state.h"

namespace distkv::storage::lsm {
namespace {

using base::Code;
using base::Status;
using Runs = std::vector<RunState>;

Status refused(const std::string& what) { return {Code::kCorrupt, "manifest edit: " + what}; }

std::string name_of(RunId id) { return "run " + std::to_string(id.value()); }

bool is_space(Space space) { return index_of(space) < kSpaces; }

// Where `ids` stand next to each other in `runs`, in this order.
base::Result<Runs::iterator> find_neighbours(Runs& runs, const std::vector<RunId>& ids) {
  const auto first =
      std::find_if(runs.begin(), runs.end(), [&](auto& run) { return run.id == ids.front(); });
  if (first == runs.end()) return refused(name_of(ids.front()) + " is not there to be merged");
  if (ids.size() > static_cast<size_t>(runs.end() - first)) {
    return refused("more runs are merged than there are from " + name_of(ids.front()) + " on");
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    if ((first + static_cast<ptrdiff_t>(i))->id != ids[i]) {
      return refused(name_of(ids[i]) + " is not the next older run after its neighbour");
    }
  }
  return first;
}

Status apply_numbers(const Edit& edit, StoreState& state) {
  if (edit.flushed && *edit.flushed < state.flushed) return refused("the flushed commit goes back");
  if (edit.log_floor && *edit.log_floor < state.log_floor) {
    return refused("the log's floor goes back");
  }
  state.next_file = std::max(state.next_file, edit.next_file);
  state.next_run = std::max(state.next_run, edit.next_run);
  state.flushed = edit.flushed.value_or(state.flushed);
  state.log_floor = edit.log_floor.value_or(state.log_floor);
  return Status::ok();
}

Status put_new(const Edit::Put& put, Runs& runs) {
  if (!put.run.is_base) {
    runs.insert(runs.begin(), put.run);
    return Status::ok();
  }
  if (!runs.empty() && runs.back().is_base) return refused("there is a base already");
  runs.push_back(put.run);
  return Status::ok();
}

Status put_instead(const Edit::Put& put, Runs& runs) {
  const auto found = find_neighbours(runs, put.replaces);
  if (!found.is_ok()) return found.status();
  const auto first = *found;
  const auto end = first + static_cast<ptrdiff_t>(put.replaces.size());
  for (auto run = first; run != end; ++run) {
    if (run->is_swept()) return refused(name_of(run->id) + " is in a sweep");
    if (run->is_base && !put.run.is_base) return refused("the base is merged into a run above it");
  }
  const auto place = runs.erase(first, end);
  if (put.run.is_base || !put.run.tables.empty()) runs.insert(place, put.run);
  return Status::ok();
}

Status apply_put(const Edit::Put& put, StoreState& state) {
  if (!is_space(put.space)) return refused("a run is put into an unknown space");
  if (put.run.is_swept()) return refused(name_of(put.run.id) + " is new and in a sweep already");
  auto& runs = state.spaces[index_of(put.space)];
  return put.replaces.empty() ? put_new(put, runs) : put_instead(put, runs);
}

// The runs are those of the sweep that has begun, or the oldest above the base for a new one.
Status check_swept(const Edit::Sweep& sweep, Runs& runs) {
  if (sweep.swept.empty()) return refused("a sweep without runs");
  const auto found = find_neighbours(runs, sweep.swept);
  if (!found.is_ok()) return found.status();
  const auto first = *found;
  const auto end = first + static_cast<ptrdiff_t>(sweep.swept.size());
  for (auto run = first; run != end; ++run) {
    if (run->is_base) return refused("the base is swept into itself");
    if (run->live_from != sweep.first) {
      return refused("the stretch does not start where " + name_of(run->id) + " is live from");
    }
  }
  if (end != runs.end() && !end->is_base) return refused(name_of(end->id) + " is left out below");
  if (first != runs.begin() && (first - 1)->is_swept()) {
    return refused(name_of((first - 1)->id) + " is left out of its sweep");
  }
  return Status::ok();
}

Status check_stretch(const Edit::Sweep& sweep) {
  if (sweep.first > sweep.last) return refused("a stretch ends before it starts");
  for (const auto& table : sweep.tables) {
    if (table.first < sweep.first || table.last > sweep.last) {
      return refused("table " + std::to_string(table.file.value()) + " leaves its stretch");
    }
  }
  return Status::ok();
}

// The base's tables in the stretch give way to the new ones.
Status replace_stretch(const Edit::Sweep& sweep, RunState& base) {
  if (base.id != sweep.base) return refused(name_of(sweep.base) + " is not the base");
  std::vector<TableSummary> tables;
  auto old = base.tables.begin();
  for (; old != base.tables.end() && old->last < sweep.first; ++old) tables.push_back(*old);
  tables.insert(tables.end(), sweep.tables.begin(), sweep.tables.end());
  for (; old != base.tables.end() && old->first <= sweep.last; ++old) {
    if (old->first < sweep.first || old->last > sweep.last) {
      return refused("the stretch cuts table " + std::to_string(old->file.value()));
    }
  }
  tables.insert(tables.end(), old, base.tables.end());
  base.tables = std::move(tables);
  return Status::ok();
}

// What the stretch moved down is dead in the runs it came from; a run that is all dead goes.
void move_live_from(const Edit::Sweep& sweep, Runs& runs) {
  const auto is_swept = [&](const RunState& run) {
    return std::find(sweep.swept.begin(), sweep.swept.end(), run.id) != sweep.swept.end();
  };
  for (auto& run : runs) {
    if (!is_swept(run)) continue;
    std::erase_if(run.tables, [&](auto& table) { return table.last <= sweep.last; });
    if (!run.tables.empty()) run.live_from = base::Token(sweep.last.value() + 1);
  }
  std::erase_if(runs, [&](auto& run) { return is_swept(run) && run.tables.empty(); });
}

Status apply_sweep(const Edit::Sweep& sweep, StoreState& state) {
  if (!is_space(sweep.space)) return refused("a sweep of an unknown space");
  auto& runs = state.spaces[index_of(sweep.space)];
  if (auto status = check_swept(sweep, runs); !status.is_ok()) return status;
  if (auto status = check_stretch(sweep); !status.is_ok()) return status;
  if (!runs.back().is_base) {
    RunState base;
    base.id = sweep.base;
    base.is_base = true;
    runs.push_back(std::move(base));
  }
  if (auto status = replace_stretch(sweep, runs.back()); !status.is_ok()) return status;
  move_live_from(sweep, runs);
  return Status::ok();
}

// The new tables stand where the old one stood.
Status replace_table(const Edit::Swap& swap, std::vector<TableSummary>& tables, size_t at) {
  const TableSummary old = tables[at];
  for (const auto& table : swap.with) {
    if (table.first < old.first || table.last > old.last) {
      return refused("table " + std::to_string(table.file.value()) + " leaves the bounds of " +
                     std::to_string(old.file.value()));
    }
  }
  const auto place = tables.erase(tables.begin() + static_cast<ptrdiff_t>(at));
  tables.insert(place, swap.with.begin(), swap.with.end());
  return Status::ok();
}

Status apply_swap(const Edit::Swap& swap, StoreState& state) {
  if (!is_space(swap.space)) return refused("a swap in an unknown space");
  auto& runs = state.spaces[index_of(swap.space)];
  for (auto run = runs.begin(); run != runs.end(); ++run) {
    for (size_t at = 0; at < run->tables.size(); ++at) {
      if (run->tables[at].file != swap.old) continue;
      Status status = replace_table(swap, run->tables, at);
      if (run->tables.empty() && !run->is_base) runs.erase(run);
      return status;
    }
  }
  return refused("table " + std::to_string(swap.old.value()) + " is not there to be replaced");
}

}  // namespace

Status apply(const Edit& edit, StoreState& state) {
  auto next = state;
  if (auto status = apply_numbers(edit, next); !status.is_ok()) return status;
  for (const auto& put : edit.puts) {
    if (auto status = apply_put(put, next); !status.is_ok()) return status;
  }
  if (edit.sweep) {
    if (auto status = apply_sweep(*edit.sweep, next); !status.is_ok()) return status;
  }
  for (const auto& swap : edit.swaps) {
    if (auto status = apply_swap(swap, next); !status.is_ok()) return status;
  }
  if (auto status = check(next); !status.is_ok()) return status;
  state = std::move(next);
  return Status::ok();
}

}  // namespace distkv::storage::lsm
