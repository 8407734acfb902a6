#include "storage/lsm/memtable/memtable.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

namespace distkv::storage::lsm {
namespace {

KeyRef at(uint64_t token, std::string_view key, Space space = Space::kData) {
  return {space, base::Token(token), key};
}

bool put(Memtable& table, const KeyRef& key, std::string_view meta, std::string_view value,
         uint64_t sequence, Durability durability = Durability::kGroup) {
  const EntryView entry{meta, value};
  return table.put(key, &entry, Sequence(sequence), durability);
}

// The keys of a walk, in its order, an erased one with a minus.
std::vector<std::string> walk(const Memtable& table, Space space, const PlaceView& from = {},
                              bool is_after = false) {
  std::vector<std::string> keys;
  const std::unique_ptr<Rows> rows = table.rows(space, from, is_after);
  for (; !rows->is_at_end(); rows->next()) {
    keys.push_back((rows->row().is_erased ? "-" : "") + std::string(rows->row().place.key));
  }
  CHECK(rows->status().is_ok());
  return keys;
}

using Keys = std::vector<std::string>;

TEST_SUITE_BEGIN("memtable");

TEST_CASE("a table without keys finds nothing and walks over nothing") {
  const Memtable table(nullptr);

  table.prefetch(at(7, "a"));
  CHECK(!table.find(at(7, "a")));
  CHECK(walk(table, Space::kData).empty());
  CHECK(table.is_empty());
  CHECK(table.bytes() == 0);
  CHECK(table.first() == Sequence(0));
  CHECK(table.last() == Sequence(0));
}

TEST_CASE("what was put is found, with its sequences") {
  Memtable table(nullptr);

  CHECK(!put(table, at(7, "a"), "clock", "value", 5));

  table.prefetch(at(7, "a"));
  const auto found = table.find(at(7, "a"));
  REQUIRE(found);
  CHECK(found->entry.meta == "clock");
  CHECK(found->entry.value == "value");
  CHECK(!found->is_erased);
  CHECK(found->written == Sequence(5));
  CHECK(found->written_group == Sequence(5));
}

TEST_CASE("a key is told from another by token, by key and by space") {
  Memtable table(nullptr);
  put(table, at(7, "a"), "", "1", 1);

  CHECK(!table.find(at(8, "a")));
  CHECK(!table.find(at(7, "b")));
  CHECK(!table.find(at(7, "aa")));
  CHECK(!table.find(at(7, "")));
  CHECK(!table.find(at(7, "a", Space::kHints)));
  CHECK(!table.find(at(7, "a", Space::kNode)));
}

TEST_CASE("empty keys, metas and values are as good as others") {
  Memtable table(nullptr);
  put(table, at(0, ""), "", "", 1);

  const auto found = table.find(at(0, ""));

  REQUIRE(found);
  CHECK(found->entry.meta.empty());
  CHECK(found->entry.value.empty());
  CHECK(!found->is_erased);
}

TEST_CASE("keys may hold any bytes and order by them unsigned") {
  Memtable table(nullptr);
  const std::string zero("\0", 1);
  put(table, at(1, "\xff"), "", "", 1);
  put(table, at(1, zero), "", "", 2);
  put(table, at(1, "a"), "", "", 3);

  CHECK(walk(table, Space::kData) == Keys{zero, "a", "\xff"});
}

TEST_CASE("a newer version replaces the one before, whose views stay as they were") {
  Memtable table(nullptr);
  put(table, at(7, "a"), "old clock", "old value", 1);
  const auto before = table.find(at(7, "a"));

  CHECK(put(table, at(7, "a"), "c", std::string(5000, 'x'), 2));

  CHECK(table.find(at(7, "a"))->entry.value == std::string(5000, 'x'));
  CHECK(table.find(at(7, "a"))->entry.meta == "c");
  CHECK(before->entry.meta == "old clock");
  CHECK(before->entry.value == "old value");
  CHECK(table.keys() == 1);
  CHECK(walk(table, Space::kData) == Keys{"a"});
}

TEST_CASE("an erased key is found as erased, and can be put again") {
  Memtable table(nullptr);
  put(table, at(7, "a"), "m", "v", 1);

  CHECK(table.put(at(7, "a"), nullptr, Sequence(2), Durability::kGroup));
  CHECK(table.find(at(7, "a"))->is_erased);
  CHECK(table.find(at(7, "a"))->entry.value.empty());
  CHECK(walk(table, Space::kData) == Keys{"-a"});

  CHECK(put(table, at(7, "a"), "", "again", 3));
  CHECK(!table.find(at(7, "a"))->is_erased);
  CHECK(table.find(at(7, "a"))->entry.value == "again");
}

TEST_CASE("erasing a key that is not here leaves its tombstone") {
  Memtable table(nullptr);

  CHECK(!table.put(at(7, "a"), nullptr, Sequence(1), Durability::kMemory));

  REQUIRE(table.find(at(7, "a")));
  CHECK(table.find(at(7, "a"))->is_erased);
  CHECK(table.keys() == 1);
}

TEST_CASE("the newest group write is remembered under later writes that do not wait") {
  Memtable table(nullptr);

  put(table, at(7, "a"), "", "1", 3, Durability::kMemory);
  CHECK(table.find(at(7, "a"))->written_group == Sequence(0));
  put(table, at(7, "a"), "", "2", 4, Durability::kGroup);
  put(table, at(7, "a"), "", "3", 6, Durability::kMemory);

  CHECK(table.find(at(7, "a"))->written == Sequence(6));
  CHECK(table.find(at(7, "a"))->written_group == Sequence(4));
  CHECK(table.first() == Sequence(3));
  CHECK(table.last() == Sequence(6));
}

TEST_CASE("rows come by token, then by key, each space alone") {
  Memtable table(nullptr);
  put(table, at(UINT64_MAX, "last"), "", "", 1);
  put(table, at(5, "b"), "", "", 2);
  put(table, at(5, "a"), "", "", 3);
  put(table, at(uint64_t{1} << 63, "half"), "", "", 4);
  put(table, at(0, "zero"), "", "", 5);
  put(table, at(5, "hint", Space::kHints), "", "", 6);
  put(table, at(6, "node", Space::kNode), "", "", 7);

  CHECK(walk(table, Space::kData) == Keys{"zero", "a", "b", "half", "last"});
  CHECK(walk(table, Space::kHints) == Keys{"hint"});
  CHECK(walk(table, Space::kNode) == Keys{"node"});
  CHECK(table.keys(Space::kData) == 5);
  CHECK(table.keys() == 7);
}

TEST_CASE("a walk starts at its place or after it, present or not") {
  Memtable table(nullptr);
  put(table, at(5, "b"), "", "", 1);
  put(table, at(5, "d"), "", "", 2);
  put(table, at(900, "e"), "", "", 3);
  const base::Token five(5);

  CHECK(walk(table, Space::kData, {five, "b"}) == Keys{"b", "d", "e"});
  CHECK(walk(table, Space::kData, {five, "b"}, true) == Keys{"d", "e"});
  CHECK(walk(table, Space::kData, {five, "c"}) == Keys{"d", "e"});
  CHECK(walk(table, Space::kData, {five, "c"}, true) == Keys{"d", "e"});
  CHECK(walk(table, Space::kData, {five, "d"}, true) == Keys{"e"});
  CHECK(walk(table, Space::kData, {base::Token(900), "e"}, true).empty());
  CHECK(walk(table, Space::kData, {base::Token(UINT64_MAX), "z"}).empty());
}

TEST_CASE("a row carries the whole version") {
  Memtable table(nullptr);
  put(table, at(5, "k"), "meta", "value", 1);

  const std::unique_ptr<Rows> rows = table.rows(Space::kData, {}, false);

  REQUIRE(!rows->is_at_end());
  CHECK(rows->row().place == PlaceView{base::Token(5), "k"});
  CHECK(rows->row().meta == "meta");
  CHECK(rows->row().value == "value");
  CHECK(!rows->row().is_erased);
}

TEST_CASE("replaced versions count as bytes held") {
  Memtable table(nullptr);
  const std::string value(1000, 'v');
  put(table, at(5, "k"), "", value, 1);
  const size_t once = table.bytes();

  for (uint64_t sequence = 2; sequence <= 100; ++sequence) {
    put(table, at(5, "k"), "", value, sequence);
  }

  CHECK(once >= 1000);
  CHECK(once < 1200);
  CHECK(table.bytes() == once + 99 * 1000);
}

TEST_CASE("a value far above a chunk is kept whole") {
  Memtable table(nullptr);
  const std::string value(base::kValueBytesMax, 'v');
  put(table, at(5, "k"), "m", value, 1);

  CHECK(table.find(at(5, "k"))->entry.value == value);
  CHECK(table.find(at(5, "k"))->entry.meta == "m");
}

TEST_CASE("a frozen table is read by any threads at once") {
  Memtable table(std::make_shared<ArenaPool>(4));
  for (uint64_t i = 0; i < 2000; ++i) {
    put(table, at(i % 3 == 0 ? 77 : i << 50, std::to_string(i)), "", std::to_string(i), i + 1);
  }
  table.freeze();
  CHECK(table.is_frozen());

  std::vector<size_t> found(4);
  std::vector<std::thread> readers;
  for (size_t& count : found) {
    readers.emplace_back([&table, &count] {
      for (uint64_t i = 0; i < 2000; ++i) {
        const std::string key = std::to_string(i);
        const auto version = table.find(at(i % 3 == 0 ? 77 : i << 50, key));
        if (version && version->entry.value == key) ++count;
      }
      count += walk(table, Space::kData).size();
    });
  }
  for (std::thread& reader : readers) reader.join();

  CHECK(found == std::vector<size_t>(4, 4000));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
