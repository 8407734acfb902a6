// Which merge to do next: a pure function of the state, so that text files test it.
//
// Lazy leveling. Flushed runs stack up on level 0; `fan_out` runs of one level become one of the
// next. When the runs above the base reach `merge_ratio` of its bytes, or too many of their rows
// are tombstones, they are swept into the base, stretch by stretch in token order. A sweep goes on
// with the runs it began with: those with live_from > 0, and no others; younger ones wait, unless
// twice the fan-out of them stand on a level. Applying what is picked, again and again, ends.
// Source: Dayan & Idreos, "Dostoevsky" (SIGMOD 2018); the data-driven tests are Pebble's manner.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "storage/lsm/manifest/state.h"

namespace distkv::storage::lsm {

struct PickerOptions {
  size_t fan_out = 8;        // Runs of a level that are merged into one of the next.
  double merge_ratio = 1.0;  // Bytes above the base to bytes in the base that start a sweep.
  uint64_t base_bytes_min = 64 << 20;  // A base smaller than this counts as this large.
  // Bytes above the base that are no debt, however small the base: a young store's first flushes.
  uint64_t debt_bytes_min = 512 << 20;
  double tombstone_ratio = 0.5;       // Share of tombstones in a run that starts a sweep.
  uint64_t stretch_bytes = 64 << 20;  // Of base tables rewritten in one step of a sweep.
};

struct Merge {
  enum class Kind : uint8_t { kStack, kSweep } kind = Kind::kStack;
  Space space = Space::kData;
  std::vector<RunId> runs;  // Newest first, neighbours in age. For a sweep: without the base.
  uint8_t level = 0;        // kStack: of the run that comes out.
  // kSweep: the stretch, both ends included; base tables that overlap it lie wholly within.
  base::Token first;
  base::Token last{UINT64_MAX};
  friend bool operator==(const Merge&, const Merge&) = default;
};

// The most urgent merge, or none: of the space with the most runs above its base. Runs with a table
// in `damaged` take no part, nor does a sweep past a damaged base table.
std::optional<Merge> pick(const StoreState& state, const PickerOptions& options,
                          const std::set<FileId>& damaged);

// How far the state is from where the picker would leave it, for pressure: 0 none, 1 at the bound.
// What a damaged table keeps from being merged is no debt: no writer's patience would pay it.
struct Debt {
  // n runs of one level: (n - fan_out) / (2 fan_out), so 0 where a merge is due and 1 at three
  // times that. The worst level of the worst space; runs in a sweep are on their way and do not
  // count.
  double runs = 0;
  // x times the bytes above the base that start a sweep, or debt_bytes_min if that is more:
  // (x - 1) / 2, so 1 at three times those.
  // Without a base 0. The worst space.
  double bytes = 0;
};
Debt debt_of(const StoreState& state, const PickerOptions& options,
             const std::set<FileId>& damaged);

}  // namespace distkv::storage::lsm
