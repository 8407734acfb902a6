// What a table says when the system refuses, or would have to wait.
#include <doctest/doctest.h>

#include "storage/lsm/sst/rig.h"

namespace distkv::storage::lsm::test {

namespace {
const TableOptions kPlain{.value_apart_min = 50, .is_compressed = false};

base::Result<Lookup> find(const Table& table, const OwnRow& row, Wait wait, ReadScratch& scratch,
                          Row& found) {
  return table.find(row.place(), Part::kAll, wait, scratch, found);
}

struct Fixture {
  OwnRows rows = {{1, "a", "m", std::string(60, 'v'), false}, {2, "b", "", "w", false}};
  BuiltTable built = build(rows, kPlain);
  std::shared_ptr<const Table> table = built.open();
  ReadScratch scratch;
  Row found;
};
}  // namespace

TEST_SUITE_BEGIN("table faults");

TEST_CASE_FIXTURE(Fixture, "a block that is not cached would block, and is found by who may wait") {
  built.disk->is_cached = false;
  CHECK(*find(*table, rows[1], Wait::kCached, scratch, found) == Lookup::kWouldBlock);
  CHECK(*find(*table, rows[1], Wait::kBlocking, scratch, found) == Lookup::kFound);
}

TEST_CASE("a value apart that is not cached would block, though its row is cached") {
  const OwnRow apart{2, "b", "m", std::string(60, 'v'), false};
  const BuiltTable built = build({{1, "a", "", "w", false}, apart}, kPlain);
  const auto table = built.open();
  ReadScratch scratch;
  Row found;

  built.disk->cached_begin = 1;  // The value's block comes first.
  CHECK(*find(*table, apart, Wait::kCached, scratch, found) == Lookup::kWouldBlock);
  CHECK(*table->find(apart.place(), Part::kMeta, Wait::kCached, scratch, found) == Lookup::kFound);
  CHECK(found.meta == "m");

  built.disk->cached_begin = 0;
  CHECK(*find(*table, apart, Wait::kCached, scratch, found) == Lookup::kFound);
  CHECK(OwnRow::of(found) == apart);
}

TEST_CASE_FIXTURE(Fixture, "places outside the table's tokens are absent without a read") {
  built.disk->is_cached = false;
  built.disk->reads = 0;
  const OwnRow before{0, "a", "", "", false};
  const OwnRow behind{3, "a", "", "", false};
  CHECK(*find(*table, before, Wait::kCached, scratch, found) == Lookup::kAbsent);
  CHECK(*find(*table, behind, Wait::kCached, scratch, found) == Lookup::kAbsent);
  CHECK(built.disk->reads == 0);
}

TEST_CASE_FIXTURE(Fixture, "a read that fails once is repeated, twice is kIo") {
  built.disk->failing_reads = 1;
  CHECK(*find(*table, rows[1], Wait::kBlocking, scratch, found) == Lookup::kFound);
  built.disk->failing_reads = 2;
  CHECK(find(*table, rows[1], Wait::kBlocking, scratch, found).code() == base::Code::kIo);
  CHECK(*find(*table, rows[1], Wait::kBlocking, scratch, found) == Lookup::kFound);
}

TEST_CASE_FIXTURE(Fixture, "bytes that were wrong once only are read again and believed") {
  const uint64_t size = built.disk->bytes.size();
  for (uint64_t at = 0; at < size; ++at) {
    built.disk->flip_at = at;
    const auto opened = built.try_open();
    REQUIRE(opened.is_ok());
    REQUIRE(*find(**opened, rows[0], Wait::kBlocking, scratch, found) == Lookup::kFound);
    REQUIRE(*find(**opened, rows[1], Wait::kBlocking, scratch, found) == Lookup::kFound);
    built.disk->flip_at = at;
    REQUIRE(read_all(*table) == rows);
    built.disk->flip_at = at;
    uint64_t offset = 0;
    REQUIRE(table->scrub(offset, UINT64_MAX).is_ok());
  }
}

TEST_CASE_FIXTURE(Fixture, "who may not wait leaves an unsound block to who may") {
  built.disk->bytes[30] = static_cast<char>(~built.disk->bytes[30]);
  CHECK(*find(*table, rows[0], Wait::kCached, scratch, found) == Lookup::kWouldBlock);
  CHECK(find(*table, rows[0], Wait::kBlocking, scratch, found).code() == base::Code::kCorrupt);
}

TEST_CASE("a walk gives the rows before a read that fails, and then kIo") {
  const OwnRows rows = make_rows(5000, 8);
  const BuiltTable built = build(rows);
  const auto table = built.open();
  const auto walk = table->rows({}, false, Part::kAll);
  for (int i = 0; i < 100; ++i) walk->next();
  built.disk->failing_reads = 1000;
  size_t count = 100;
  for (; !walk->is_at_end(); walk->next()) {
    REQUIRE(OwnRow::of(walk->row()) == rows[count]);
    ++count;
  }
  CHECK(walk->status().code() == base::Code::kIo);
  CHECK(count < rows.size());
}

TEST_CASE("a walk goes on over a read-ahead that fails where the block itself does not") {
  const OwnRows rows = make_rows(5000, 8);
  const BuiltTable built = build(rows);
  const auto table = built.open();
  const auto walk = table->rows({}, false, Part::kAll);
  built.disk->failing_reads = 2;
  size_t count = 0;
  for (; !walk->is_at_end(); walk->next()) ++count;
  CHECK(walk->status().is_ok());
  CHECK(count == rows.size());
}

TEST_CASE("a table is synced once, at its end; after one error the writer says it ever again") {
  const OwnRows rows = make_rows(10'000, 9, 100);
  CHECK(build(rows).disk->syncs == 1);

  for (int writes = 0; writes < 3; ++writes) {
    const auto disk = std::make_shared<MemoryDisk>();
    disk->failing_writes_after = writes;
    TableWriter writer(std::make_unique<MemoryFile>(disk), kStore, kFile, Space::kData, {});
    base::Status status;
    for (const OwnRow& row : rows) {
      const bool was_ok = status.is_ok();
      status = writer.add(row.view());
      REQUIRE((was_ok || !status.is_ok()));
    }
    CHECK(writer.finish().code() == base::Code::kNoSpace);
    CHECK(disk->syncs == 0);
  }
}

TEST_CASE("a sync that fails is the answer of finish") {
  const auto disk = std::make_shared<MemoryDisk>();
  disk->does_sync_fail = true;
  TableWriter writer(std::make_unique<MemoryFile>(disk), kStore, kFile, Space::kData, {});
  REQUIRE(writer.add(OwnRow{1, "k", "", "v", false}.view()).is_ok());
  CHECK(writer.finish().code() == base::Code::kIo);
}

TEST_CASE("a key or a causal state over its limit is kTooLarge") {
  const auto add = [](const OwnRow& row) {
    TableWriter writer(std::make_unique<MemoryFile>(std::make_shared<MemoryDisk>()), kStore, kFile,
                       Space::kData, {});
    return writer.add(row.view()).code();
  };
  CHECK(add({1, std::string(kRowKeyBytesMax, 'k'), "", "", false}) == base::Code::kOk);
  CHECK(add({1, std::string(kRowKeyBytesMax + 1, 'k'), "", "", false}) == base::Code::kTooLarge);
  CHECK(add({1, "k", std::string(kRowMetaBytesMax, 'm'), "", false}) == base::Code::kOk);
  CHECK(add({1, "k", std::string(kRowMetaBytesMax + 1, 'm'), "", false}) == base::Code::kTooLarge);
}

TEST_CASE("the largest row of all parts comes back") {
  const OwnRows rows = {{1, "first", "", "v", false},
                        {2, std::string(kRowKeyBytesMax, 'k'), std::string(kRowMetaBytesMax, 'm'),
                         std::string(kInlineValueBytesMax - 1, 'v'), false},
                        {3, "last", "", std::string(9 << 20, 'w'), false}};
  for (const bool is_compressed : {false, true}) {
    const auto table = build(rows, {.block_bytes = SIZE_MAX,
                                    .value_apart_min = SIZE_MAX,
                                    .is_compressed = is_compressed})
                           .open();
    CHECK(read_all(*table) == rows);
  }
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
