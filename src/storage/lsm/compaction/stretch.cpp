#include "storage/lsm/compaction/stretch.h"

#include <algorithm>

namespace distkv::storage::lsm {
namespace {

using base::Token;

// Bytes of the table at tokens from `first` to `last`, estimated.
double bytes_within(const TableSummary& table, Token first, Token last) {
  const Token from = std::max(first, table.first);
  const Token to = std::min(last, table.last);
  if (from > to) return 0;
  const auto width = [](Token a, Token b) {
    return static_cast<double>(b.value() - a.value()) + 1;
  };
  return static_cast<double>(table.bytes) * width(from, to) / width(table.first, table.last);
}

double bytes_within(const std::vector<const RunState*>& runs, Token first, Token last) {
  double bytes = 0;
  for (const auto* run : runs) {
    for (const auto& table : run->tables) bytes += bytes_within(table, first, last);
  }
  return bytes;
}

// The least token at which the runs reach `bytes` from `first` on; the greatest one if they do not.
Token reached_at(const std::vector<const RunState*>& runs, Token first, double bytes) {
  uint64_t low = first.value();
  uint64_t high = UINT64_MAX;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (bytes_within(runs, first, Token(middle)) >= bytes) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return Token(low);
}

}  // namespace

double live_bytes(const RunState& run) {
  double bytes = 0;
  for (const auto& table : run.tables) {
    bytes += bytes_within(table, run.live_from, Token(UINT64_MAX));
  }
  return bytes;
}

std::optional<Token> stretch_end(const std::vector<const RunState*>& swept, const RunState* base,
                                 Token first, uint64_t stretch_bytes,
                                 const std::set<FileId>& damaged) {
  const Token enough = reached_at(swept, first, static_cast<double>(stretch_bytes));
  if (base == nullptr) return enough;
  uint64_t base_bytes = 0;
  Token taken = first;
  for (const auto& table : base->tables) {
    if (table.last < first) continue;
    const bool is_damaged = damaged.contains(table.file);
    if (is_damaged && table.first <= first) return std::nullopt;
    if (is_damaged || base_bytes >= stretch_bytes || table.first > enough) {
      const Token before(table.first.value() - 1);
      return std::min(before, std::max(enough, taken));
    }
    base_bytes += table.bytes;
    taken = table.last;
  }
  return std::max(enough, taken);
}

}  // namespace distkv::storage::lsm
