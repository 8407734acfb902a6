// States, edits and tables for the tests of the manifest.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "storage/lsm/manifest/state.h"

namespace distkv::storage::lsm {

struct Span {
  uint64_t first = 0;
  uint64_t last = 0;
};

inline TableSummary table_of(uint64_t file, Span span, Space space = Space::kData) {
  return {.file = FileId(file),
          .space = space,
          .bytes = 1000 + file,
          .bytes_raw = 2000 + file,
          .rows = 100,
          .tombstones = file % 100,
          .first = base::Token(span.first),
          .last = base::Token(span.last),
          .checksum = {file, ~file}};
}

inline RunState run_of(uint64_t id, uint8_t level, std::vector<TableSummary> tables) {
  return {.id = RunId(id), .level = level, .live_from = {}, .tables = std::move(tables)};
}

inline RunState base_of(uint64_t id, std::vector<TableSummary> tables) {
  return {.id = RunId(id), .is_base = true, .live_from = {}, .tables = std::move(tables)};
}

// Runs 4, 3 on level 0, run 2 on level 1, base 1 of two tables; one run of hints.
inline StoreState sample_state() {
  StoreState state;
  state.flushed = Sequence(700);
  state.log_floor = SegmentNumber(3);
  state.next_file = FileId(20);
  state.next_run = RunId(10);
  state.spaces[index_of(Space::kData)] = {
      run_of(4, 0, {table_of(14, {0, 900})}), run_of(3, 0, {table_of(13, {5, 950})}),
      run_of(2, 1, {table_of(11, {0, 400}), table_of(12, {500, 1000})}),
      base_of(1, {table_of(1, {10, 480}), table_of(2, {520, 990})})};
  state.spaces[index_of(Space::kHints)] = {run_of(5, 0, {table_of(15, {7, 7}, Space::kHints)})};
  return state;
}

inline Edit edit_of(const StoreState& state) {
  Edit edit;
  edit.next_file = state.next_file;
  edit.next_run = state.next_run;
  return edit;
}

// Runs 3 and 2 swept into the base, the first stretch or the rest.
inline Edit sweep_of(const StoreState& state, Span span, std::vector<TableSummary> tables) {
  Edit edit = edit_of(state);
  edit.sweep = Edit::Sweep{.swept = {RunId(3), RunId(2)},
                           .base = RunId(1),
                           .first = base::Token(span.first),
                           .last = base::Token(span.last),
                           .tables = std::move(tables)};
  return edit;
}

// Flushes one more run of one table.
inline Edit flush_of(const StoreState& state) {
  Edit edit = edit_of(state);
  const uint64_t file = state.next_file.value();
  edit.next_file = FileId(file + 1);
  edit.next_run = RunId(state.next_run.value() + 1);
  edit.flushed = Sequence(state.flushed.value() + 10);
  edit.puts.push_back(
      {.run = run_of(state.next_run.value(), 0, {table_of(file, {3, 9})}), .replaces = {}});
  return edit;
}

}  // namespace distkv::storage::lsm
