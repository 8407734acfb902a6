#include "storage/lsm/sst/table.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/rng.h"
#include "storage/lsm/sst/rig.h"

namespace distkv::storage::lsm::test {

namespace {
const TableOptions kTiny{.block_bytes = 1, .value_apart_min = 20, .filter_bits_per_key = 10};
const TableOptions kSmall{.block_bytes = 300, .value_apart_min = 100, .filter_bits_per_key = 4};
const TableOptions kPlain{.is_compressed = false};
const TableOptions kAllApart{.value_apart_min = 0};
const TableOptions kNoFilter{.filter_bits_per_key = 0};
const TableOptions kWideBlocks{.block_bytes = 1 << 20, .value_apart_min = 1 << 20};

OwnRows one_token(size_t count, size_t key_bytes) {
  OwnRows rows;
  for (size_t i = 0; i < count; ++i) {
    std::string key = std::to_string(10'000'000 + i);
    key.insert(0, key_bytes - std::min(key_bytes, key.size()), 'k');
    rows.push_back({42, key, "m", std::to_string(i), false});
  }
  return rows;
}

// `count` tokens, each with up to `keys_max` keys.
OwnRows crowded(size_t count, size_t keys_max, uint64_t seed) {
  base::Rng rng(seed);
  OwnRows rows;
  for (size_t i = 0; i < count; ++i) {
    const size_t keys = rng.below(keys_max) + 1;
    for (size_t k = 0; k < keys; ++k) {
      rows.push_back({100 * i, std::string(k, 'a'), "", std::string(rng.below(60), 'v'), false});
    }
  }
  return rows;
}
}  // namespace

TEST_SUITE_BEGIN("table");

TEST_CASE("what was written is found and walked, whatever the options") {
  for (const TableOptions& options :
       {TableOptions{}, kTiny, kSmall, kPlain, kAllApart, kNoFilter, kWideBlocks}) {
    for (const size_t count : {1, 2, 3, 50, 700}) {
      for (const size_t value_bytes_max : {0, 200, 20'000}) {
        if (count * value_bytes_max > 2'000'000) continue;
        CAPTURE(options.block_bytes);
        CAPTURE(options.value_apart_min);
        CAPTURE(count);
        CAPTURE(value_bytes_max);
        const OwnRows rows = make_rows(count, count, value_bytes_max);

        const BuiltTable built = build(rows, options);

        const auto table = built.open();
        check_finds(*table, rows);
        CHECK(read_all(*table) == rows);
      }
    }
  }
}

TEST_CASE("many rows under few tokens are found, also where a token begins a block") {
  for (const TableOptions& options : {TableOptions{}, kTiny, kSmall, kAllApart}) {
    for (const size_t keys_max : {1, 3, 40}) {
      CAPTURE(options.block_bytes);
      CAPTURE(keys_max);
      const OwnRows rows = crowded(40, keys_max, keys_max);
      const auto table = build(rows, options).open();
      check_finds(*table, rows);
      CHECK(read_all(*table) == rows);
    }
  }
}

TEST_CASE("a table of a hundred thousand rows holds them all") {
  const OwnRows rows = make_rows(100'000, 1, 100);
  const BuiltTable built = build(rows);
  const auto table = built.open();
  CHECK(read_all(*table) == rows);
  ReadScratch scratch;
  Row found;
  for (size_t i = 0; i < rows.size(); i += 7) {
    const auto lookup = table->find(rows[i].place(), Part::kAll, Wait::kCached, scratch, found);
    REQUIRE((lookup.is_ok() && *lookup == Lookup::kFound));
    REQUIRE(OwnRow::of(found) == rows[i]);
  }
  CHECK(built.disk->written_out >= 1 << 20);
}

TEST_CASE("one token over many blocks: a find reads one block only") {
  const OwnRows rows = one_token(20'000, 100);
  const BuiltTable built = build(rows);
  const auto table = built.open();
  ReadScratch scratch;
  Row found;
  for (size_t i = 0; i < rows.size(); i += 37) {
    built.disk->reads = 0;
    const auto lookup = table->find(rows[i].place(), Part::kAll, Wait::kBlocking, scratch, found);
    REQUIRE((lookup.is_ok() && *lookup == Lookup::kFound));
    REQUIRE(built.disk->reads == 1);
    REQUIRE(found.value == rows[i].value);
  }
}

TEST_CASE("an empty key, an empty value and an empty meta are kept") {
  const OwnRows rows = {{0, "", "", "", false},
                        {0, "a", "", "v", false},
                        {5, "", "m", "", false},
                        {UINT64_MAX, "", "", "", true},
                        {UINT64_MAX, std::string(1, '\0'), "m", "v", false}};
  const auto table = build(rows).open();
  check_finds(*table, rows);
  CHECK(read_all(*table) == rows);
}

TEST_CASE("an erased row is found as erased") {
  const auto table = build({{1, "a", "", "", true}}).open();
  ReadScratch scratch;
  Row found;
  const auto lookup =
      table->find({base::Token(1), "a"}, Part::kAll, Wait::kBlocking, scratch, found);
  CHECK(*lookup == Lookup::kFound);
  CHECK(found.is_erased);
}

TEST_CASE("places before, between and behind the rows are absent") {
  const OwnRows rows = make_rows(500, 3);
  const auto table = build(rows, kSmall).open();
  ReadScratch scratch;
  Row found;
  const auto is_absent = [&](uint64_t token) {
    const auto lookup =
        table->find({base::Token(token), "key-1"}, Part::kAll, Wait::kBlocking, scratch, found);
    return lookup.is_ok() && *lookup == Lookup::kAbsent;
  };
  CHECK(is_absent(0));
  CHECK(is_absent(UINT64_MAX));
  for (const OwnRow& row : rows) REQUIRE((is_absent(row.token - 1) && is_absent(row.token + 1)));
}

TEST_CASE("a walk starts at any place, at it or after it") {
  for (const OwnRows& rows : {make_rows(300, 9), crowded(20, 15, 4)}) {
    const auto table = build(rows, kSmall).open();
    for (size_t i = 0; i < rows.size(); ++i) {
      const OwnRows at(rows.begin() + static_cast<ptrdiff_t>(i), rows.end());
      const OwnRows after(at.begin() + 1, at.end());
      REQUIRE(read_all(*table, rows[i].place(), false) == at);
      REQUIRE(read_all(*table, rows[i].place(), true) == after);
      const std::string beside = rows[i].key + '\0';
      REQUIRE(read_all(*table, {base::Token(rows[i].token), beside}, true) == after);
    }
    CHECK(read_all(*table, {base::Token(0), ""}, false) == rows);
    CHECK(read_all(*table, {base::Token(UINT64_MAX), "zzz"}, false).empty());
  }
}

TEST_CASE("who asks for the meta only does not read the values that lie apart") {
  OwnRows rows = make_rows(100, 5, 0);
  for (OwnRow& row : rows) {
    if (!row.is_erased) row.value = std::string(5000, 'v');
  }
  const BuiltTable built = build(rows, {.is_compressed = false});
  const auto table = built.open();
  OwnRows metas = rows;
  for (OwnRow& row : metas) row.value.clear();

  built.disk->reads = 0;
  CHECK(read_all(*table, {}, false, Part::kMeta) == metas);
  CHECK(built.disk->reads <= 4);

  ReadScratch scratch;
  Row found;
  built.disk->reads = 0;
  CHECK(*table->find(metas[0].place(), Part::kMeta, Wait::kBlocking, scratch, found) ==
        Lookup::kFound);
  CHECK(OwnRow::of(found) == metas[0]);
  CHECK(built.disk->reads == 1);
}

TEST_CASE("a long walk reads ahead") {
  const OwnRows rows = make_rows(20'000, 6, 100);
  const BuiltTable built = build(rows, kPlain);
  const auto table = built.open();
  built.disk->reads = 0;
  CHECK(read_all(*table).size() == rows.size());
  CHECK(built.disk->reads < static_cast<int>(built.summary.bytes / (128 * 1024)) + 6);
}

TEST_CASE("the summary tells what the table holds") {
  OwnRows rows = {{3, "k", "mm", "vvv", false}, {9, "key", "", "", true}};
  const BuiltTable built = build(rows);
  CHECK(built.summary.file == kFile);
  CHECK(built.summary.space == Space::kData);
  CHECK(built.summary.rows == 2);
  CHECK(built.summary.tombstones == 1);
  CHECK(built.summary.first == base::Token(3));
  CHECK(built.summary.last == base::Token(9));
  CHECK(built.summary.bytes_raw == 9);
  CHECK(built.summary.bytes == built.disk->bytes.size());
  CHECK(built.summary.checksum == base::hash128(built.disk->bytes));
  CHECK(built.open()->summary() == built.summary);
}

TEST_CASE("rows of 16-byte keys and 100-byte values cost 14 bytes more, before packing") {
  base::Rng rng(1);
  OwnRows rows;
  for (size_t i = 0; i < 10'000; ++i) {
    rows.push_back({i << 50, "0123456789abcdef", "", std::string(100, 'v'), false});
  }
  const BuiltTable built = build(rows, {.filter_bits_per_key = 0, .is_compressed = false});
  CHECK(built.summary.bytes <= rows.size() * (116 + 14));
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
