// Which tables make up a store, as plain values: what the manifest holds and the picker judges.
//
// A space is a stack of runs, newest first. A run is one or more tables that do not overlap, in
// token order: all rows of one token lie in one table. The oldest run may be the base, which holds
// all that was merged down so far; runs above it are on levels 0 (as flushed), 1, 2, ... that never
// decrease with age, but for runs in a sweep. A sweep moves the oldest runs into the base one
// stretch of tokens after another; a run's rows before its `live_from` are in the base already and
// must not be read. Only the base may be without tables.
// Source: lazy leveling, Dayan & Idreos, "Dostoevsky" (SIGMOD 2018).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "storage/durability_gate.h"
#include "storage/engine.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/sst/table_writer.h"

namespace distkv::storage::lsm {

struct RunState {
  RunId id;
  uint8_t level = 0;
  bool is_base = false;
  base::Token live_from;                                   // Rows of lower tokens are dead.
  std::vector<TableSummary> tables;                        // Ascending.
  bool is_swept() const { return live_from.value() > 0; }  // A sweep has begun with it.
  // Sums over its tables, the dead part of a swept one included.
  uint64_t bytes() const;
  uint64_t rows() const;
  uint64_t tombstones() const;
  friend bool operator==(const RunState&, const RunState&) = default;
};

inline constexpr size_t kSpaces = 3;
constexpr size_t index_of(Space space) { return static_cast<size_t>(space) - 1; }
constexpr Space space_at(size_t index) { return static_cast<Space>(index + 1); }

struct StoreState {
  Sequence flushed;            // All commits up to this are in tables.
  SegmentNumber log_floor{1};  // Replay starts here.
  FileId next_file{1};         // Above all ids given so far.
  RunId next_run{1};
  std::array<std::vector<RunState>, kSpaces> spaces;  // Runs, newest first.
  friend bool operator==(const StoreState&, const StoreState&) = default;
};

// A change of the state, applied whole or not at all.
struct Edit {
  // A run that takes the place of others, or (nothing replaced) the newest.
  struct Put {
    Space space = Space::kData;
    RunState run;
    // Runs that go, newest first, neighbours, none in a sweep; the new one stands where the oldest
    // of them stood (and a base only where no older run is). Empty: on top; or, if the run is the
    // base and there is none yet, at the bottom. A run without tables may replace others: they go.
    std::vector<RunId> replaces;
    friend bool operator==(const Put&, const Put&) = default;
  };
  // One stretch of a sweep: `tables` replace the base's tables from `first` to `last` tokens, and
  // `swept` runs are live only after `last` (and gone when that is the end of the tokens). The
  // first stretch starts at 0, each other where the one before ended, always with the same runs.
  struct Sweep {
    Space space = Space::kData;
    std::vector<RunId> swept;  // Newest first: the oldest above the base.
    RunId base;                // Made if it does not exist yet; stays even if it has no tables.
    base::Token first;
    base::Token last;
    std::vector<TableSummary> tables;  // Within first..last; may name again tables that were there.
    friend bool operator==(const Sweep&, const Sweep&) = default;
  };
  // A table gives way to others within its bounds, or to none; its run keeps its place, in a sweep
  // too, and goes if it is no base and was left without tables.
  struct Swap {
    Space space = Space::kData;
    FileId old;
    std::vector<TableSummary> with;  // Ascending.
    friend bool operator==(const Swap&, const Swap&) = default;
  };
  std::optional<Sequence> flushed;
  std::optional<SegmentNumber> log_floor;
  // The state's become at least these; jobs may end in another order than they took their numbers.
  FileId next_file;
  RunId next_run;
  std::vector<Put> puts;  // In this order, then the sweep, then the swaps.
  std::optional<Sweep> sweep;
  std::vector<Swap> swaps;
  friend bool operator==(const Edit&, const Edit&) = default;
};

// kCorrupt, naming the contradiction, if the edit does not fit the state or would break what is
// promised above (overlap, order, an unknown run, a number that goes back). `state` is then as it
// was.
base::Status apply(const Edit& edit, StoreState& state);
// kCorrupt, naming the contradiction, if `state` breaks what is promised above. What apply() makes
// of a sound state is sound.
base::Status check(const StoreState& state);
// Files of `before` that `after` no longer names, ascending.
std::vector<FileId> dropped_files(const StoreState& before, const StoreState& after);

}  // namespace distkv::storage::lsm
