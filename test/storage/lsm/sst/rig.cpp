#include "storage/lsm/sst/rig.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/check.h"
#include "base/rng.h"

namespace distkv::storage::lsm::test {

namespace {
std::string random_text(base::Rng& rng, size_t bytes) {
  std::string text(bytes, 'x');
  // The second half repeats one letter, so that it packs.
  for (size_t i = 0; i < bytes / 2; ++i) text[i] = static_cast<char>(rng.next());
  return text;
}
}  // namespace

OwnRows make_rows(size_t count, uint64_t seed, size_t value_bytes_max) {
  base::Rng rng(seed);
  OwnRows rows;
  for (size_t i = 0; i < count; ++i) {
    OwnRow row{rng.next(), "key-" + std::to_string(rng.below(1'000'000'000)), "", "", false};
    row.is_erased = rng.chance(0.1);
    if (!row.is_erased && rng.chance(0.7)) row.meta = random_text(rng, rng.below(40));
    if (!row.is_erased) row.value = random_text(rng, rng.below(value_bytes_max + 1));
    rows.push_back(std::move(row));
  }
  const auto is_before = [](const OwnRow& a, const OwnRow& b) { return a.place() < b.place(); };
  std::sort(rows.begin(), rows.end(), is_before);
  return rows;
}

base::Result<std::shared_ptr<const Table>> BuiltTable::try_open(StoreId store) const {
  return Table::open(std::make_unique<MemoryFile>(disk), store, summary);
}

std::shared_ptr<const Table> BuiltTable::open() const {
  auto table = try_open();
  REQUIRE_MESSAGE(table.is_ok(), table.status().to_string());
  return *table;
}

BuiltTable build(const OwnRows& rows, const TableOptions& options, FileId file, StoreId store) {
  BuiltTable built;
  TableWriter writer(std::make_unique<MemoryFile>(built.disk), store, file, Space::kData, options);
  for (const OwnRow& row : rows) {
    const base::Status added = writer.add(row.view());
    REQUIRE_MESSAGE(added.is_ok(), added.to_string());
  }
  auto summary = writer.finish();
  REQUIRE_MESSAGE(summary.is_ok(), summary.status().to_string());
  built.summary = *summary;
  return built;
}

OwnRows read_all(const Table& table, const PlaceView& from, bool is_after, Part part) {
  OwnRows rows;
  const auto walk = table.rows(from, is_after, part);
  for (; !walk->is_at_end(); walk->next()) rows.push_back(OwnRow::of(walk->row()));
  REQUIRE_MESSAGE(walk->status().is_ok(), walk->status().to_string());
  return rows;
}

void check_finds(const Table& table, const OwnRows& rows) {
  ReadScratch scratch;
  Row found;
  for (const OwnRow& row : rows) {
    REQUIRE(table.may_contain(hash_of(row.place())));
    const auto lookup = table.find(row.place(), Part::kAll, Wait::kCached, scratch, found);
    REQUIRE_MESSAGE(lookup.is_ok(), lookup.status().to_string());
    REQUIRE(*lookup == Lookup::kFound);
    REQUIRE(OwnRow::of(found) == row);
    for (const std::string& other : {row.key + '\0', row.key.substr(0, row.key.size() / 2)}) {
      const PlaceView beside{base::Token(row.token), other};
      const bool is_there = std::binary_search(
          rows.begin(), rows.end(), OwnRow{row.token, other, "", "", false},
          [](const OwnRow& a, const OwnRow& b) { return a.place() < b.place(); });
      const auto none = table.find(beside, Part::kAll, Wait::kCached, scratch, found);
      REQUIRE(none.is_ok());
      REQUIRE((*none == Lookup::kFound) == is_there);
    }
  }
}

}  // namespace distkv::storage::lsm::test
