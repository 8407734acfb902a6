// Whatever happens to a file: only right rows or kCorrupt may come out, and never an absent key.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/rng.h"
#include "storage/lsm/sst/rig.h"

namespace distkv::storage::lsm::test {

namespace {
// Blocks of a few rows, some packed, some values apart.
const TableOptions kSmall{.block_bytes = 250, .value_apart_min = 90, .filter_bits_per_key = 8};

// True if the lookup tells the truth about `row` or says that it cannot.
bool is_honest(const Table& table, const OwnRow& row, Wait wait) {
  ReadScratch scratch;
  Row found;
  if (!table.may_contain(hash_of(row.place()))) return false;
  const auto lookup = table.find(row.place(), Part::kAll, wait, scratch, found);
  if (!lookup.is_ok()) return lookup.code() == base::Code::kCorrupt;
  if (*lookup == Lookup::kWouldBlock) return wait == Wait::kCached;
  return *lookup == Lookup::kFound && OwnRow::of(found) == row;
}

bool are_finds_honest(const Table& table, const OwnRows& rows) {
  for (const OwnRow& row : rows) {
    if (!is_honest(table, row, Wait::kBlocking) || !is_honest(table, row, Wait::kCached)) {
      return false;
    }
  }
  return true;
}

// True if the walk gave all rows, or the first of them and then kCorrupt.
bool is_walk_honest(const Table& table, const OwnRows& rows) {
  size_t count = 0;
  const auto walk = table.rows({}, false, Part::kAll);
  for (; !walk->is_at_end(); walk->next()) {
    if (count == rows.size() || OwnRow::of(walk->row()) != rows[count]) return false;
    ++count;
  }
  if (walk->status().is_ok()) return count == rows.size();
  return walk->status().code() == base::Code::kCorrupt;
}

base::Code scrub_all(const Table& table) {
  uint64_t offset = 0;
  return table.scrub(offset, UINT64_MAX).code();
}

// Opens the damaged file; if that goes well, whatever it says must be honest.
bool is_file_honest(const BuiltTable& built, const OwnRows& rows, StoreId store = kStore) {
  const auto table = built.try_open(store);
  if (!table.is_ok()) return table.code() == base::Code::kCorrupt;
  return are_finds_honest(**table, rows) && is_walk_honest(**table, rows);
}
}  // namespace

TEST_SUITE_BEGIN("table damage");

TEST_CASE("any byte wrong: right rows or kCorrupt, and scrub finds it") {
  const OwnRows rows = make_rows(12, 1, 150);
  BuiltTable built = build(rows, kSmall);
  std::string& bytes = built.disk->bytes;
  const auto sound = built.open();
  REQUIRE(bytes.size() < 3000);

  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const int wrong : {0xff, 0x01, 0x80}) {
      CAPTURE(at);
      bytes[at] = static_cast<char>(bytes[at] ^ wrong);
      REQUIRE(is_file_honest(built, rows));
      REQUIRE(are_finds_honest(*sound, rows));
      REQUIRE(is_walk_honest(*sound, rows));
      REQUIRE(scrub_all(*sound) == base::Code::kCorrupt);
      bytes[at] = static_cast<char>(bytes[at] ^ wrong);
    }
  }
  CHECK(scrub_all(*sound) == base::Code::kOk);
}

// The walk over what is spared has exactly the rows that can be found, and names the tokens of all
// others.
void check_spared(const Table& table, const OwnRows& rows) {
  std::vector<TokenSpan> damage;
  const auto walk = table.spared_rows(damage);
  OwnRows spared;
  for (; !walk->is_at_end(); walk->next()) spared.push_back(OwnRow::of(walk->row()));
  REQUIRE(walk->status().is_ok());
  OwnRows found;
  for (const OwnRow& row : rows) {
    ReadScratch scratch;
    Row seen;
    if (table.find(row.place(), Part::kAll, Wait::kBlocking, scratch, seen).is_ok()) {
      found.push_back(row);
      continue;
    }
    REQUIRE(std::any_of(damage.begin(), damage.end(), [&](const TokenSpan& span) {
      return span.first.value() <= row.token && row.token <= span.last.value();
    }));
  }
  REQUIRE(spared == found);
  for (size_t i = 1; i < damage.size(); ++i) REQUIRE(damage[i - 1].last < damage[i].first);
}

TEST_CASE("the walk behind damage misses only what cannot be found, and says where that was") {
  OwnRows rows = make_rows(40, 1, 150);
  for (size_t i = 21; i < 27; ++i) rows[i].token = rows[20].token;  // Over more than one block.
  std::sort(rows.begin(), rows.end(),
            [](const OwnRow& a, const OwnRow& b) { return a.place() < b.place(); });
  BuiltTable built = build(rows, kSmall);
  std::string& bytes = built.disk->bytes;
  const auto sound = built.open();
  check_spared(*sound, rows);

  for (size_t at = 0; at < bytes.size(); at += 3) {
    CAPTURE(at);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    const size_t other = (at * 7919 + 13) % bytes.size();
    bytes[other] = static_cast<char>(bytes[other] ^ 2);
    check_spared(*sound, rows);
    bytes[other] = static_cast<char>(bytes[other] ^ 2);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
  }
}

TEST_CASE("any 16 bytes zeroed: right rows or kCorrupt") {
  const OwnRows rows = make_rows(12, 1, 150);
  BuiltTable built = build(rows, kSmall);
  const std::string whole = built.disk->bytes;
  for (size_t at = 0; at + 16 <= whole.size(); ++at) {
    CAPTURE(at);
    built.disk->bytes = whole;
    built.disk->bytes.replace(at, 16, std::string(16, '\0'));
    REQUIRE(is_file_honest(built, rows));
  }
}

TEST_CASE("cut at any length it does not open; cut while open it is kCorrupt where it ends") {
  const OwnRows rows = make_rows(12, 2, 150);
  BuiltTable built = build(rows, kSmall);
  const std::string whole = built.disk->bytes;
  const auto sound = built.open();
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    CAPTURE(bytes);
    built.disk->bytes = whole.substr(0, bytes);
    REQUIRE(built.try_open().code() == base::Code::kCorrupt);
    REQUIRE(are_finds_honest(*sound, rows));
    REQUIRE(is_walk_honest(*sound, rows));
    REQUIRE(scrub_all(*sound) == base::Code::kCorrupt);
  }
  built.disk->bytes = whole + "x";
  CHECK(built.try_open().code() == base::Code::kCorrupt);
}

TEST_CASE("two blocks of equal size in each other's place are kCorrupt") {
  OwnRows rows;
  for (uint64_t i = 0; i < 40; ++i) rows.push_back({i << 32, "k", "", "0123456789", false});
  BuiltTable built = build(rows, {.block_bytes = 100, .is_compressed = false});
  std::string& bytes = built.disk->bytes;
  const auto table = built.open();
  const size_t block_bytes = sealed_bytes(bytes);
  REQUIRE(sealed_bytes(std::string_view(bytes).substr(block_bytes)) == block_bytes);

  const std::string first = bytes.substr(0, block_bytes);
  bytes.replace(0, block_bytes, bytes.substr(block_bytes, block_bytes));
  bytes.replace(block_bytes, block_bytes, first);

  ReadScratch scratch;
  Row found;
  const auto lookup = table->find(rows[0].place(), Part::kAll, Wait::kBlocking, scratch, found);
  CHECK(lookup.code() == base::Code::kCorrupt);
  CHECK(lookup.status().message() == "tables/7: block at offset 0: its checksum does not match");
  CHECK(is_walk_honest(*table, rows));
  CHECK(scrub_all(*table) == base::Code::kCorrupt);
}

TEST_CASE("a sound block that is not the one the index tells of is kCorrupt") {
  const OwnRows rows = {{5, "k", "", "v", false}, {9, "l", "", "v", false}};
  BuiltTable built = build(rows, {.block_bytes = 1, .is_compressed = false});
  const auto table = built.open();
  std::string& bytes = built.disk->bytes;
  std::string raw = bytes.substr(kBlockHeaderBytes, sealed_bytes(bytes) - kBlockHeaderBytes);
  raw[4] = 6;  // The token.
  std::string sealed;
  BlockSealer(BlockSeed(kStore, kFile), false).seal(raw, 0, sealed);
  bytes.replace(0, sealed.size(), sealed);

  CHECK(is_honest(*table, rows[0], Wait::kBlocking));
  CHECK(is_walk_honest(*table, rows));
  CHECK(table->rows({}, false, Part::kAll)->status().code() == base::Code::kCorrupt);
}

TEST_CASE("another store's file, and another file of this store, do not open") {
  const OwnRows rows = make_rows(12, 3);
  const BuiltTable own = build(rows, kSmall);
  const BuiltTable other = build(rows, kSmall, FileId(8));
  REQUIRE(own.disk->bytes.size() == other.disk->bytes.size());

  CHECK(own.try_open(StoreId(base::Id128{9, 9})).code() == base::Code::kCorrupt);
  BuiltTable mixed = own;
  mixed.disk = other.disk;
  CHECK(mixed.try_open().code() == base::Code::kCorrupt);
}

TEST_CASE("a block of another file's same place is kCorrupt") {
  const OwnRows rows = make_rows(12, 3);
  BuiltTable own = build(rows, kSmall);
  const BuiltTable other = build(rows, kSmall, FileId(8));
  const size_t block_bytes = sealed_bytes(own.disk->bytes);
  own.disk->bytes.replace(0, block_bytes, other.disk->bytes.substr(0, block_bytes));
  CHECK(is_file_honest(own, rows));
  CHECK(scrub_all(*own.open()) == base::Code::kCorrupt);
}

TEST_CASE("a summary that says anything else does not open the file") {
  const BuiltTable built = build(make_rows(20, 4));
  const auto does_open = [&](auto change) {
    BuiltTable other = built;
    change(other.summary);
    const auto table = other.try_open();
    REQUIRE((table.is_ok() || table.code() == base::Code::kCorrupt));
    return table.is_ok();
  };
  CHECK(does_open([](TableSummary&) {}));
  CHECK(!does_open([](TableSummary& s) { s.file = FileId(8); }));
  CHECK(!does_open([](TableSummary& s) { s.space = Space::kHints; }));
  CHECK(!does_open([](TableSummary& s) { ++s.bytes; }));
  CHECK(!does_open([](TableSummary& s) { ++s.bytes_raw; }));
  CHECK(!does_open([](TableSummary& s) { ++s.rows; }));
  CHECK(!does_open([](TableSummary& s) { ++s.tombstones; }));
  CHECK(!does_open([](TableSummary& s) { s.first = base::Token(1); }));
  CHECK(!does_open([](TableSummary& s) { s.last = base::Token(1); }));
}

TEST_CASE("a whole file that does not have the summary's checksum fails its scrub") {
  BuiltTable built = build(make_rows(20, 4));
  ++built.summary.checksum.low;
  CHECK(scrub_all(*built.open()) == base::Code::kCorrupt);
}

TEST_CASE("scrub goes in steps of at most the bytes asked for, but of one block at least") {
  const OwnRows rows = make_rows(3000, 5, 6000);
  const BuiltTable built = build(rows);
  const auto table = built.open();
  for (const uint64_t bytes_max : {uint64_t{0}, uint64_t{20'000}, uint64_t{1} << 20}) {
    uint64_t offset = 0;
    while (offset < built.summary.bytes) {
      const uint64_t begin = offset;
      REQUIRE(table->scrub(offset, bytes_max).is_ok());
      REQUIRE(offset > begin);
      if (bytes_max >= 20'000) REQUIRE(offset - begin <= bytes_max);
    }
    CHECK(offset == built.summary.bytes);
  }
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
