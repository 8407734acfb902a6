#include "model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace distkv::storage::lsm {
namespace {

using base::Token;

double width_of(Token first, Token last) {
  return static_cast<double>(last.value() - first.value()) + 1;
}

// The token after this part of the way from first to last.
Token token_at(const Reach& reach, double part) {
  const double width = static_cast<double>(reach.last.value() - reach.first.value());
  if (part >= 1) return reach.last;
  const double offset = std::min(width * part, std::nextafter(0x1p64, 0.0));
  const uint64_t whole =
      std::min(static_cast<uint64_t>(offset), reach.last.value() - reach.first.value());
  return Token(reach.first.value() + whole);
}

}  // namespace

CompactionModel::Content CompactionModel::content_of(const RunState& run,
                                                     const Reach& reach) const {
  Content content{0, 0, {Token(UINT64_MAX), Token(0)}};
  const Token live = std::max(reach.first, run.live_from);
  for (const auto& table : run.tables) {
    const Token from = std::max(live, table.first);
    const Token to = std::min(reach.last, table.last);
    if (from > to) continue;
    const double part = width_of(from, to) / width_of(table.first, table.last);
    content.rows += static_cast<double>(table.rows) * part;
    content.tombstones += static_cast<double>(table.tombstones) * part;
    content.reach.first = std::min(content.reach.first, from);
    content.reach.last = std::max(content.reach.last, to);
  }
  return content;
}

// Of K keys a source has each with probability rows/K, on its own.
CompactionModel::Content CompactionModel::merged(const std::vector<Content>& inputs,
                                                 const Reach& reach) const {
  const double keys = std::max(1.0, options_.keys * width_of(reach.first, reach.last) / 0x1p64);
  Content content{0, 0, {Token(UINT64_MAX), Token(0)}};
  double missing = 1;
  for (const auto& input : inputs) {
    if (input.rows <= 0) continue;
    const double seen = std::min(1.0, input.rows / keys);
    // A newer version hides an older tombstone as it hides an older value.
    content.tombstones += input.tombstones * missing;
    missing *= 1 - seen;
    content.reach.first = std::min(content.reach.first, input.reach.first);
    content.reach.last = std::max(content.reach.last, input.reach.last);
  }
  content.rows = keys * (1 - missing);
  content.tombstones = std::min(content.tombstones, content.rows);
  return content;
}

std::vector<TableSummary> CompactionModel::tables_of(Space space, const Content& content) {
  std::vector<TableSummary> tables;
  if (content.rows <= 0 || content.reach.first > content.reach.last) return tables;
  const double rows_max =
      std::max(1.0, std::floor(static_cast<double>(options_.table_bytes / options_.row_bytes)));
  Token first = content.reach.first;
  for (double done = 0; done < content.rows; done += rows_max) {
    const double rows = std::max(1.0, std::min(rows_max, content.rows - done));
    const Token last = token_at(content.reach, (done + rows) / content.rows);
    if (last < first) continue;  // More tables than tokens.
    const auto whole = static_cast<uint64_t>(std::llround(rows));
    const double dead = content.tombstones * rows / content.rows;
    tables.push_back({.file = FileId(files_++),
                      .space = space,
                      .bytes = whole * options_.row_bytes,
                      .bytes_raw = whole * options_.row_bytes,
                      .rows = whole,
                      .tombstones = std::min(whole, static_cast<uint64_t>(std::llround(dead))),
                      .first = first,
                      .last = last});
    if (last == content.reach.last) break;
    first = Token(last.value() + 1);
  }
  return tables;
}

const RunState& CompactionModel::run_of(Space space, RunId id) const {
  const auto& runs = state_.spaces[index_of(space)];
  const auto found = std::find_if(runs.begin(), runs.end(), [&](auto& r) { return r.id == id; });
  DISTKV_CHECK(found != runs.end());
  return *found;
}

RunState CompactionModel::make_run(std::vector<TableSummary> tables, uint8_t level) {
  return {.id = RunId(runs_++), .level = level, .tables = std::move(tables)};
}

void CompactionModel::install(Edit edit) {
  edit.next_file = FileId(files_);
  edit.next_run = RunId(runs_);
  const auto status = apply(edit, state_);
  DISTKV_CHECK(status.is_ok());
}

void CompactionModel::flush(Space space, const Amount& amount, const Reach& reach) {
  const Content content{static_cast<double>(amount.rows), static_cast<double>(amount.tombstones),
                        reach};
  Edit edit;
  edit.puts.push_back({.space = space, .run = make_run(tables_of(space, content), 0)});
  bytes_flushed_ += edit.puts[0].run.bytes();
  install(std::move(edit));
}

uint64_t CompactionModel::run(const Merge& merge) {
  const auto& runs = state_.spaces[index_of(merge.space)];
  const bool is_sweep = merge.kind == Merge::Kind::kSweep;
  const Reach reach{merge.first, merge.last};
  std::vector<Content> inputs;
  for (const auto id : merge.runs) inputs.push_back(content_of(run_of(merge.space, id), reach));
  const bool has_base = runs.back().is_base;
  if (is_sweep && has_base) inputs.push_back(content_of(runs.back(), reach));
  Content content = merged(inputs, reach);
  if (is_sweep || merge.runs.back() == runs.back().id) {
    content.rows -= content.tombstones;
    content.tombstones = 0;
  }
  auto tables = tables_of(merge.space, content);
  uint64_t bytes = 0;
  for (const auto& table : tables) bytes += table.bytes;
  Edit edit;
  if (is_sweep) {
    const RunId base = has_base ? runs.back().id : RunId(runs_++);
    edit.sweep = Edit::Sweep{.space = merge.space,
                             .swept = merge.runs,
                             .base = base,
                             .first = merge.first,
                             .last = merge.last,
                             .tables = std::move(tables)};
  } else {
    edit.puts.push_back({.space = merge.space,
                         .run = make_run(std::move(tables), merge.level),
                         .replaces = merge.runs});
  }
  bytes_merged_ += bytes;
  install(std::move(edit));
  return bytes;
}

uint64_t CompactionModel::bytes() const {
  uint64_t bytes = 0;
  for (const auto& runs : state_.spaces) {
    for (const auto& run : runs) bytes += run.bytes();
  }
  return bytes;
}

}  // namespace distkv::storage::lsm
