#include "storage/lsm/manifest/codec.h"

#include "base/codec.h"

namespace distkv::storage::lsm {
namespace {

using base::Code;
using base::Reader;
using base::Status;
using base::Token;
using base::Writer;

// The least bytes each can take: a count that the rest of the input cannot hold is refused before
// anything is made of it.
constexpr uint64_t kTableBytesMin = 5 + 8 + 8 + 16;
constexpr uint64_t kRunBytesMin = 1 + 1 + 1 + 8 + 1;
constexpr uint64_t kRunIdBytesMin = 1;
constexpr uint64_t kPutBytesMin = 1 + kRunBytesMin + 1;
constexpr uint64_t kSwapBytesMin = 1 + 1 + 1;

enum EditPart : uint8_t {
  kHasFlushed = 1,
  kHasLogFloor = 2,
  kHasSweep = 4,
  kHasSwaps = 8,
  kAllParts = 15
};

void write_table(Writer& writer, const TableSummary& table) {
  writer.varint(table.file.value());
  writer.varint(table.bytes);
  writer.varint(table.bytes_raw);
  writer.varint(table.rows);
  writer.varint(table.tombstones);
  writer.u64(table.first.value());
  writer.u64(table.last.value());
  writer.id128(table.checksum);
}

TableSummary read_table(Reader& reader, Space space) {
  TableSummary table;
  table.space = space;
  table.file = FileId(reader.varint());
  table.bytes = reader.varint();
  table.bytes_raw = reader.varint();
  table.rows = reader.varint();
  table.tombstones = reader.varint();
  table.first = Token(reader.u64());
  table.last = Token(reader.u64());
  table.checksum = reader.id128();
  return table;
}

void write_tables(Writer& writer, const std::vector<TableSummary>& tables) {
  writer.varint(tables.size());
  for (const auto& table : tables) write_table(writer, table);
}

std::vector<TableSummary> read_tables(Reader& reader, Space space) {
  std::vector<TableSummary> tables(reader.count(reader.remaining() / kTableBytesMin));
  for (auto& table : tables) table = read_table(reader, space);
  return tables;
}

void write_run(Writer& writer, const RunState& run) {
  writer.varint(run.id.value());
  writer.u8(run.level);
  writer.u8(run.is_base ? 1 : 0);
  writer.u64(run.live_from.value());
  write_tables(writer, run.tables);
}

RunState read_run(Reader& reader, Space space) {
  RunState run;
  run.id = RunId(reader.varint());
  run.level = reader.u8();
  const uint8_t base = reader.u8();
  if (base > 1) reader.fail();
  run.is_base = base == 1;
  run.live_from = Token(reader.u64());
  run.tables = read_tables(reader, space);
  return run;
}

void write_run_ids(Writer& writer, const std::vector<RunId>& ids) {
  writer.varint(ids.size());
  for (const auto id : ids) writer.varint(id.value());
}

std::vector<RunId> read_run_ids(Reader& reader) {
  std::vector<RunId> ids(reader.count(reader.remaining() / kRunIdBytesMin));
  for (auto& id : ids) id = RunId(reader.varint());
  return ids;
}

void write_space(Writer& writer, Space space) { writer.u8(static_cast<uint8_t>(space)); }

Space read_space(Reader& reader) {
  const uint8_t space = reader.u8();
  if (space >= 1 && space <= kSpaces) return static_cast<Space>(space);
  reader.fail();
  return Space::kData;
}

void write_put(Writer& writer, const Edit::Put& put) {
  write_space(writer, put.space);
  write_run(writer, put.run);
  write_run_ids(writer, put.replaces);
}

Edit::Put read_put(Reader& reader) {
  Edit::Put put;
  put.space = read_space(reader);
  put.run = read_run(reader, put.space);
  put.replaces = read_run_ids(reader);
  return put;
}

void write_sweep(Writer& writer, const Edit::Sweep& sweep) {
  write_space(writer, sweep.space);
  write_run_ids(writer, sweep.swept);
  writer.varint(sweep.base.value());
  writer.u64(sweep.first.value());
  writer.u64(sweep.last.value());
  write_tables(writer, sweep.tables);
}

Edit::Sweep read_sweep(Reader& reader) {
  Edit::Sweep sweep;
  sweep.space = read_space(reader);
  sweep.swept = read_run_ids(reader);
  sweep.base = RunId(reader.varint());
  sweep.first = Token(reader.u64());
  sweep.last = Token(reader.u64());
  sweep.tables = read_tables(reader, sweep.space);
  return sweep;
}

void write_swap(Writer& writer, const Edit::Swap& swap) {
  write_space(writer, swap.space);
  writer.varint(swap.old.value());
  write_tables(writer, swap.with);
}

Edit::Swap read_swap(Reader& reader) {
  Edit::Swap swap;
  swap.space = read_space(reader);
  swap.old = FileId(reader.varint());
  swap.with = read_tables(reader, swap.space);
  return swap;
}

void write_swaps(Writer& writer, const std::vector<Edit::Swap>& swaps) {
  if (swaps.empty()) return;
  writer.varint(swaps.size());
  for (const auto& swap : swaps) write_swap(writer, swap);
}

std::vector<Edit::Swap> read_swaps(Reader& reader) {
  std::vector<Edit::Swap> swaps(reader.count(reader.remaining() / kSwapBytesMin));
  if (swaps.empty()) reader.fail();  // None are written as no section.
  for (auto& swap : swaps) swap = read_swap(reader);
  return swaps;
}

uint8_t parts_of(const Edit& edit) {
  return static_cast<uint8_t>((edit.flushed ? kHasFlushed : 0) |
                              (edit.log_floor ? kHasLogFloor : 0) | (edit.sweep ? kHasSweep : 0) |
                              (edit.swaps.empty() ? 0 : kHasSwaps));
}

}  // namespace

std::string encode(const StoreState& state) {
  std::string bytes;
  Writer writer(bytes);
  writer.varint(state.flushed.value());
  writer.varint(state.log_floor.value());
  writer.varint(state.next_file.value());
  writer.varint(state.next_run.value());
  for (const auto& runs : state.spaces) {
    writer.varint(runs.size());
    for (const auto& run : runs) write_run(writer, run);
  }
  return bytes;
}

std::string encode(const Edit& edit) {
  std::string bytes;
  Writer writer(bytes);
  writer.u8(parts_of(edit));
  if (edit.flushed) writer.varint(edit.flushed->value());
  if (edit.log_floor) writer.varint(edit.log_floor->value());
  writer.varint(edit.next_file.value());
  writer.varint(edit.next_run.value());
  writer.varint(edit.puts.size());
  for (const auto& put : edit.puts) write_put(writer, put);
  if (edit.sweep) write_sweep(writer, *edit.sweep);
  write_swaps(writer, edit.swaps);
  return bytes;
}

base::Result<StoreState> decode_state(std::string_view bytes) {
  Reader reader(bytes);
  StoreState state;
  state.flushed = Sequence(reader.varint());
  state.log_floor = SegmentNumber(reader.varint());
  state.next_file = FileId(reader.varint());
  state.next_run = RunId(reader.varint());
  for (size_t i = 0; i < kSpaces; ++i) {
    state.spaces[i].resize(reader.count(reader.remaining() / kRunBytesMin));
    for (auto& run : state.spaces[i]) run = read_run(reader, space_at(i));
  }
  if (!reader.is_complete()) return Status(Code::kCorrupt, "these bytes are not a store's state");
  if (auto status = check(state); !status.is_ok()) return status;
  return state;
}

base::Result<Edit> decode_edit(std::string_view bytes) {
  Reader reader(bytes);
  Edit edit;
  const uint8_t parts = reader.u8();
  if (parts > kAllParts) reader.fail();
  if (parts & kHasFlushed) edit.flushed = Sequence(reader.varint());
  if (parts & kHasLogFloor) edit.log_floor = SegmentNumber(reader.varint());
  edit.next_file = FileId(reader.varint());
  edit.next_run = RunId(reader.varint());
  edit.puts.resize(reader.count(reader.remaining() / kPutBytesMin));
  for (auto& put : edit.puts) put = read_put(reader);
  if (parts & kHasSweep) edit.sweep = read_sweep(reader);
  if (parts & kHasSwaps) edit.swaps = read_swaps(reader);
  if (!reader.is_complete()) return Status(Code::kCorrupt, "these bytes are not an edit");
  return edit;
}

}  // namespace distkv::storage::lsm
