// The end of a table file: its properties, by which it describes itself, and the footer, by which
// everything else is found.
//
//   footer: filter bytes u64 | index bytes u64 | properties bytes u32 | version u32 | magic u64
//           | checksum u64, seeded like a block's
// The three blocks lie before the footer in this order, back to back; data ends where they begin.
#pragma once

#include <string>
#include <string_view>

#include "storage/lsm/sst/format.h"
#include "storage/lsm/sst/table_writer.h"

namespace distkv::storage::lsm {

struct TableFooter {
  Extent filter;
  Extent index;
  Extent properties;
  uint64_t data_end() const { return filter.offset; }
};

// Appends the footer that stands at footer.properties.end().
void append_footer(const TableFooter& footer, const BlockSeed& seed, std::string& out);
// Reads the footer `bytes` at `offset`. Answers what is wrong, or nullptr.
const char* parse_footer(std::string_view bytes, uint64_t offset, const BlockSeed& seed,
                         TableFooter& footer);

// The properties block: a summary but for the checksum, which covers the block itself.
std::string encode_properties(const TableSummary& summary);
// `summary` keeps its checksum. False if the bytes are no properties.
bool parse_properties(std::string_view bytes, TableSummary& summary);

}  // namespace distkv::storage::lsm
