// How keys lie: no search is long, wherever the tokens are.
#include "storage/lsm/memtable/ordered_table.h"

#include <doctest/doctest.h>

#include <string>

#include "base/rng.h"

namespace distkv::storage::lsm {
namespace {

constexpr uint64_t kSlices = 16384;  // The most partitions a ring has.

class Filled {
 public:
  Filled() : arena_(nullptr), table_(arena_) {}

  bool insert(uint64_t token, std::string_view key) {
    bool is_new = false;
    EntryNode* node = table_.find_or_insert({base::Token(token), key}, 0, is_new);
    CHECK(node != nullptr);
    return is_new;
  }
  const OrderedTable& table() const { return table_; }

  // Walks everything, and says whether it ascends strictly and misses nothing.
  bool is_ordered() const {
    size_t count = 0;
    OrderedTable::Cursor cursor = table_.seek({});
    const EntryNode* last = nullptr;
    for (; cursor.node != nullptr; table_.advance(cursor), ++count) {
      if (last != nullptr && !last->is_before({cursor.node->token, cursor.node->key()})) {
        return false;
      }
      last = cursor.node;
    }
    return count == table_.keys();
  }

 private:
  Arena arena_;
  OrderedTable table_;
};

std::string key_of(uint64_t number) {
  std::string key = std::to_string(number);
  return std::string(12 - key.size(), '0') + key;
}

TEST_SUITE_BEGIN("ordered table");

TEST_CASE("spread tokens need no index, and about a bucket a key") {
  Filled filled;
  base::Rng rng(1);
  for (uint64_t i = 0; i < 200'000; ++i) filled.insert(rng.next(), "k");

  const OrderedTable::Shape shape = filled.table().shape();

  CHECK(shape.indexed == 0);
  CHECK(shape.chain_longest < Bucket::kChainMax);
  CHECK(shape.buckets >= 100'000);
  CHECK(shape.buckets <= 800'000);
  CHECK(filled.is_ordered());
}

TEST_CASE("tokens of one slice of the ring have chains as short as any") {
  Filled filled;
  base::Rng rng(2);
  for (uint64_t i = 0; i < 100'000; ++i) {
    filled.insert(UINT64_MAX / kSlices * 77 + rng.next() / kSlices, "k");
  }

  const OrderedTable::Shape shape = filled.table().shape();

  CHECK(shape.indexed < 100);
  CHECK(shape.chain_longest < Bucket::kChainMax);
  CHECK(shape.buckets <= 1'600'000);
  CHECK(filled.is_ordered());
}

TEST_CASE("a million keys under one token are one indexed bucket, in any order of insertion") {
  Filled filled;
  uint64_t step = 0;
  SUBCASE("ascending") { step = 1; }
  SUBCASE("descending") { step = 999'999; }
  SUBCASE("scattered") { step = 618'033; }
  for (uint64_t i = 0; i < 1'000'000; ++i) filled.insert(42, key_of(i * step % 1'000'000));

  const OrderedTable::Shape shape = filled.table().shape();

  CHECK(filled.table().keys() == 1'000'000);
  CHECK(shape.indexed == 1);
  CHECK(shape.chain_longest == 0);
  CHECK(shape.buckets < 100);
  CHECK(filled.is_ordered());
  CHECK(filled.table().find({base::Token(42), key_of(777'777)}) != nullptr);
  CHECK(filled.table().find({base::Token(42), key_of(1'000'000)}) == nullptr);
}

TEST_CASE("an index is taken apart when its region grows") {
  Filled filled;
  base::Rng rng(3);
  constexpr uint64_t kTokens = 5;
  for (uint64_t i = 0; i < 200; ++i) filled.insert(i % kTokens << 40, key_of(i));
  CHECK(filled.table().shape().indexed == 1);

  // Enough of the same region to make the five tokens buckets of their own.
  for (uint64_t i = 0; i < 20'000; ++i) filled.insert(rng.next() >> 12, key_of(i));

  CHECK(filled.table().shape().indexed > 1);
  for (uint64_t i = 0; i < 200; ++i) {
    CHECK(filled.table().find({base::Token(i % kTokens << 40), key_of(i)}) != nullptr);
  }
  CHECK(filled.is_ordered());
}

TEST_CASE("tokens made to crowd at every scale do not make a region grow without bound") {
  Filled filled;
  // Each doubling takes but the greatest of them out of the first bucket.
  for (unsigned bit = 51; bit >= 30; --bit) filled.insert(uint64_t{1} << bit, "k");

  const OrderedTable::Shape shape = filled.table().shape();

  CHECK(shape.indexed == 1);
  CHECK(shape.buckets <= 2 * 8 * 22);
  CHECK(filled.is_ordered());
}

TEST_CASE("keys under an index do not count as load of their region") {
  Filled filled;
  constexpr uint64_t kTokens = 200;
  for (uint64_t i = 0; i < kTokens * 100; ++i) filled.insert(i / 100 << 43, key_of(i));

  CHECK(filled.table().shape().indexed > 0);
  CHECK(filled.table().shape().buckets < 2 * kTokens);
  CHECK(filled.is_ordered());
}

TEST_CASE("a key that is here already is found, not put twice") {
  Filled filled;

  CHECK(filled.insert(1, "a"));
  CHECK(!filled.insert(1, "a"));
  CHECK(filled.insert(1, "b"));
  CHECK(filled.table().keys() == 2);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
