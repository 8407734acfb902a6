#include "storage/lsm/compaction/picker.h"

#include <algorithm>
#include <iterator>

#include "storage/lsm/compaction/stretch.h"

namespace distkv::storage::lsm {
namespace {

using base::Token;
using RunViews = std::vector<const RunState*>;

// A run with fewer rows says nothing with its share of tombstones, and costs a read nothing.
constexpr uint64_t kDenseRowsMin = 1000;
// Tombstones are worth rewriting the base when they are this part of its rows: a row erased then
// costs eight rows written, however many flushes are full of tombstones.
constexpr uint64_t kBaseRowsPerTombstone = 8;
// While a sweep goes on, runs of level 0 wait for its end up to so many times the fan-out.
constexpr size_t kPatience = 2;
// Runs of a level, in fan-outs, at which writers must wait.
constexpr size_t kRunsBound = 3;
// Bytes above the base, in those that start a sweep, at which writers must wait.
constexpr double kBytesBound = 3;

// A space's stack, taken apart. Newest first.
struct Stack {
  Space space;
  RunViews young;  // Not in a sweep.
  RunViews swept;
  const RunState* base = nullptr;
  size_t runs_above() const { return young.size() + swept.size(); }
};

Stack stack_of(const StoreState& state, Space space) {
  Stack stack{.space = space};
  for (const auto& run : state.spaces[index_of(space)]) {
    if (run.is_base) {
      stack.base = &run;
    } else {
      (run.is_swept() ? stack.swept : stack.young).push_back(&run);
    }
  }
  return stack;
}

bool has_damage(const RunState& run, const std::set<FileId>& damaged) {
  return std::any_of(run.tables.begin(), run.tables.end(),
                     [&](auto& table) { return damaged.contains(table.file); });
}

// One space's choice; made for one call.
class SpacePicker {
 public:
  SpacePicker(const Stack& stack, const PickerOptions& options, const std::set<FileId>& damaged)
      : stack_(stack), options_(options), damaged_(damaged) {}

  std::optional<Merge> pick() const {
    const size_t fan_out = fan_out_of(options_);
    if (!stack_.swept.empty()) {
      const auto urgent = pick_stack(kPatience * fan_out);
      if (urgent) return urgent;
      const auto sweep = pick_stretch(stack_.swept, stack_.swept.front()->live_from);
      return sweep ? sweep : pick_stack(fan_out);
    }
    const auto stack = pick_stack(fan_out);
    if (is_sweep_due(stack.has_value())) {
      if (auto sweep = pick_new_sweep()) return sweep;
    }
    return stack;
  }

  // With less than two no merge would make runs fewer.
  static size_t fan_out_of(const PickerOptions& options) {
    return std::max<size_t>(options.fan_out, 2);
  }

 private:
  bool is_damaged(const RunState& run) const { return has_damage(run, damaged_); }

  Merge merge_of(Merge::Kind kind, RunViews::const_iterator first,
                 RunViews::const_iterator end) const {
    Merge merge{.kind = kind, .space = stack_.space};
    std::transform(first, end, std::back_inserter(merge.runs), [](auto* run) { return run->id; });
    return merge;
  }

  // The end of the sound runs of one level that start at `first`.
  RunViews::const_iterator end_of_level(RunViews::const_iterator first, uint8_t level) const {
    return std::find_if(first, stack_.young.end(), [&](const RunState* run) {
      return run->level != level || is_damaged(*run);
    });
  }

  // The lowest level with `runs_min` sound neighbours, as one run of the next.
  std::optional<Merge> pick_stack(size_t runs_min) const {
    for (auto first = stack_.young.begin(); first != stack_.young.end();) {
      const auto end = end_of_level(first, (*first)->level);
      if (static_cast<size_t>(end - first) >= runs_min) return stack_merge(first, end);
      first = end == first ? first + 1 : end;
    }
    return std::nullopt;
  }

  // Takes a following level along if the run that comes out would fill it: the same rows would be
  // merged again at once.
  Merge stack_merge(RunViews::const_iterator first, RunViews::const_iterator end) const {
    uint8_t level = next_level(end, (*first)->level);
    while (end != stack_.young.end() && (*end)->level == level) {
      const auto level_end = end_of_level(end, level);
      const auto runs = static_cast<size_t>(level_end - end);
      if (runs == 0 || runs + 1 < fan_out_of(options_)) break;
      end = level_end;
      level = next_level(end, level);
    }
    Merge merge = merge_of(Merge::Kind::kStack, first, end);
    merge.level = level;
    return merge;
  }

  // One more, but no more than that of the next older run, which is on the same level if it is
  // damaged.
  uint8_t next_level(RunViews::const_iterator end, uint8_t level) const {
    if (level == UINT8_MAX) return level;
    const auto next = static_cast<uint8_t>(level + 1);
    return end == stack_.young.end() ? next : std::min(next, (*end)->level);
  }

  bool is_sweep_due(bool is_stack_due) const {
    if (stack_.young.empty()) return false;
    if (are_tombstones_dense()) return true;
    uint64_t above = 0;
    for (const auto* run : stack_.young) above += run->bytes();
    const uint64_t base_bytes = stack_.base == nullptr ? 0 : stack_.base->bytes();
    const auto counted = static_cast<double>(std::max(base_bytes, options_.base_bytes_min));
    const bool is_large = static_cast<double>(above) >= options_.merge_ratio * counted;
    if (stack_.base != nullptr) return is_large;
    return is_stack_due && (is_large || above <= options_.stretch_bytes);
  }

  bool are_tombstones_dense() const {
    uint64_t tombstones = 0;
    bool is_any_dense = false;
    for (const auto* run : stack_.young) {
      const auto share = static_cast<double>(run->tombstones()) / static_cast<double>(run->rows());
      is_any_dense |= run->rows() >= kDenseRowsMin && share >= options_.tombstone_ratio;
      tombstones += run->tombstones();
    }
    const uint64_t base_rows = stack_.base == nullptr ? 0 : stack_.base->rows();
    return is_any_dense && tombstones >= base_rows / kBaseRowsPerTombstone;
  }

  // All runs above the base, or those below the oldest damaged one. None is begun that a damaged
  // table of the base would bring to a halt.
  std::optional<Merge> pick_new_sweep() const {
    if (stack_.base != nullptr && is_damaged(*stack_.base)) return std::nullopt;
    const auto oldest_damaged = std::find_if(stack_.young.rbegin(), stack_.young.rend(),
                                             [&](auto* run) { return is_damaged(*run); });
    return pick_stretch(RunViews(oldest_damaged.base(), stack_.young.end()), Token(0));
  }

  std::optional<Merge> pick_stretch(const RunViews& swept, Token first) const {
    if (swept.empty()) return std::nullopt;
    for (const auto* run : swept) {
      if (is_damaged(*run)) return std::nullopt;
    }
    const auto last = stretch_end(swept, stack_.base, first, options_.stretch_bytes, damaged_);
    if (!last) return std::nullopt;
    Merge merge = merge_of(Merge::Kind::kSweep, swept.begin(), swept.end());
    merge.first = first;
    merge.last = *last;
    return merge;
  }

  const Stack& stack_;
  const PickerOptions& options_;
  const std::set<FileId>& damaged_;
};

double runs_debt(const Stack& stack, size_t fan_out, const std::set<FileId>& damaged) {
  size_t runs_max = 0;
  size_t runs = 0;
  for (size_t i = 0; i < stack.young.size(); ++i) {
    const bool is_same_level = i > 0 && stack.young[i]->level == stack.young[i - 1]->level;
    if (!is_same_level) runs = 0;
    runs = has_damage(*stack.young[i], damaged) ? 0 : runs + 1;
    runs_max = std::max(runs_max, runs);
  }
  if (runs_max <= fan_out) return 0;
  return static_cast<double>(runs_max - fan_out) / static_cast<double>((kRunsBound - 1) * fan_out);
}

// Of the runs below the oldest damaged one: a sweep takes no others.
double sweepable_bytes(const Stack& stack, const std::set<FileId>& damaged) {
  if (stack.base != nullptr && has_damage(*stack.base, damaged)) return 0;
  double bytes = 0;
  for (const auto* runs : {&stack.swept, &stack.young}) {
    for (auto run = runs->rbegin(); run != runs->rend(); ++run) {
      if (has_damage(**run, damaged)) return bytes;
      bytes += live_bytes(**run);
    }
  }
  return bytes;
}

double bytes_debt(const Stack& stack, const PickerOptions& options,
                  const std::set<FileId>& damaged) {
  const double above = sweepable_bytes(stack, damaged);
  const uint64_t base_bytes = stack.base == nullptr ? 0 : stack.base->bytes();
  const double due =
      options.merge_ratio * static_cast<double>(std::max(base_bytes, options.base_bytes_min));
  const double owed_from = std::max(due, static_cast<double>(options.debt_bytes_min));
  if (stack.base == nullptr || owed_from <= 0) return 0;
  return std::max(0.0, (above / owed_from - 1) / (kBytesBound - 1));
}

}  // namespace

std::optional<Merge> pick(const StoreState& state, const PickerOptions& options,
                          const std::set<FileId>& damaged) {
  std::optional<Merge> best;
  size_t best_runs = 0;
  for (size_t i = 0; i < kSpaces; ++i) {
    const Stack stack = stack_of(state, space_at(i));
    auto merge = SpacePicker(stack, options, damaged).pick();
    if (!merge || (best && stack.runs_above() <= best_runs)) continue;
    best = std::move(merge);
    best_runs = stack.runs_above();
  }
  return best;
}

Debt debt_of(const StoreState& state, const PickerOptions& options,
             const std::set<FileId>& damaged) {
  Debt debt;
  for (size_t i = 0; i < kSpaces; ++i) {
    const Stack stack = stack_of(state, space_at(i));
    const size_t fan_out = SpacePicker::fan_out_of(options);
    debt.runs = std::max(debt.runs, runs_debt(stack, fan_out, damaged));
    debt.bytes = std::max(debt.bytes, bytes_debt(stack, options, damaged));
  }
  return debt;
}

}  // namespace distkv::storage::lsm
