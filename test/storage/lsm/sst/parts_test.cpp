// The parts of a table file, each by itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/rng.h"
#include "storage/lsm/sst/rig.h"

namespace distkv::storage::lsm::test {

namespace {
const BlockSeed kSeed(kStore, kFile);

size_t slow_count_below(const std::vector<uint64_t>& tokens, uint64_t token) {
  return static_cast<size_t>(std::lower_bound(tokens.begin(), tokens.end(), token) -
                             tokens.begin());
}

std::vector<uint64_t> tokens_of_shape(int shape, size_t count, base::Rng& rng) {
  std::vector<uint64_t> tokens(count);
  for (size_t i = 0; i < count; ++i) {
    if (shape == 0) tokens[i] = rng.next();             // Uniform.
    if (shape == 1) tokens[i] = rng.below(5);           // Few, at one end.
    if (shape == 2) tokens[i] = 1ULL << rng.below(64);  // Exponential.
    if (shape == 3) tokens[i] = UINT64_MAX - rng.below(3);
    if (shape == 4) tokens[i] = i == 0 ? 0 : UINT64_MAX - i;  // One far away.
  }
  std::sort(tokens.begin(), tokens.end());
  return tokens;
}
}  // namespace

TEST_SUITE_BEGIN("table parts");

TEST_CASE("token search counts as binary search does, whatever the distribution") {
  base::Rng rng(1);
  for (int shape = 0; shape < 5; ++shape) {
    for (const size_t count : {0, 1, 2, 3, 9, 100, 3000}) {
      const auto tokens = tokens_of_shape(shape, count, rng);
      const TokenArray array(reinterpret_cast<const char*>(tokens.data()), count);
      for (size_t i = 0; i < 300; ++i) {
        uint64_t token = rng.next();
        if (count > 0 && i > 50) token = tokens[rng.below(count)] + rng.below(3) - 1;
        CAPTURE(token);
        REQUIRE(array.count_below(token) == slow_count_below(tokens, token));
        const auto to = std::upper_bound(tokens.begin(), tokens.end(), token) - tokens.begin();
        REQUIRE(array.count_to(token) == static_cast<size_t>(to));
      }
      CHECK(array.count_below(0) == 0);
      CHECK(array.count_to(UINT64_MAX) == count);
    }
  }
}

TEST_CASE("a filter of 10 bits a key errs less than 1.5 times in 100, and never the other way") {
  base::Rng rng(1);
  std::vector<uint64_t> hashes(100'000);
  for (uint64_t& hash : hashes) hash = rng.next();
  TableFilter filter;
  REQUIRE(TableFilter::parse(build_filter(hashes, 10), filter));
  for (const uint64_t hash : hashes) REQUIRE(filter.may_contain(hash));
  int wrong = 0;
  for (int i = 0; i < 100'000; ++i) wrong += filter.may_contain(rng.next()) ? 1 : 0;
  CHECK(wrong < 1500);
  CHECK(filter.bytes_resident() < 126'000);
}

TEST_CASE("a filter of no bits holds everything possible; what is no filter is refused") {
  TableFilter filter;
  const uint64_t hash = 5;
  REQUIRE(TableFilter::parse(build_filter({&hash, 1}, 0), filter));
  CHECK(filter.may_contain(77));
  CHECK(!TableFilter::parse("", filter));
  CHECK(!TableFilter::parse(std::string(64, 'x'), filter));
  CHECK(!TableFilter::parse(std::string(64, 'x') + '\0', filter));
  CHECK(!TableFilter::parse(std::string(64, 'x') + '\x11', filter));
  CHECK(!TableFilter::parse("\x01", filter));
}

TEST_CASE("a block is packed where that saves an eighth, and comes back either way") {
  base::Rng rng(1);
  std::string noise(1000, '\0');
  for (char& byte : noise) byte = static_cast<char>(rng.next());
  for (const std::string& raw : {std::string(), std::string("short"), std::string(1000, 'x'), noise,
                                 noise.substr(0, 900) + std::string(100, 'x')}) {
    std::string sealed;
    BlockSealer sealer(kSeed, true);
    const size_t bytes = sealer.seal(raw, 40, sealed);
    CHECK(bytes == sealed.size());
    CHECK(bytes == sealed_bytes(sealed));
    SealedBlock block;
    REQUIRE(open_block(sealed, kSeed.at(40), block) == nullptr);
    std::string unpacked;
    std::string_view contents;
    REQUIRE(unpack(block, unpacked, contents));
    CHECK(contents == raw);
    CHECK((block.packing == Packing::kLz4) == (raw == std::string(1000, 'x')));
    CHECK(open_block(sealed, kSeed.at(41), block) != nullptr);
  }
}

TEST_CASE("packing that keeps failing is tried less often, and again when it pays") {
  base::Rng rng(1);
  BlockSealer sealer(kSeed, true);
  std::string sealed;
  for (int i = 0; i < 20; ++i) {
    std::string noise(500, '\0');
    for (char& byte : noise) byte = static_cast<char>(rng.next());
    sealer.seal(noise, 0, sealed);
  }
  size_t bytes = 0;
  int tries = 0;
  do {
    sealed.clear();
    bytes = sealer.seal(std::string(500, 'x'), 0, sealed);
    ++tries;
  } while (bytes > 400 && tries < 20);
  CHECK(tries <= 8);
  sealed.clear();
  CHECK(sealer.seal(std::string(500, 'x'), 0, sealed) < 400);
}

TEST_CASE("an index refuses what contradicts itself") {
  TableIndexBuilder builder;
  builder.begin_block({base::Token(5), "a"});
  builder.end_block({base::Token(5), "m"}, {0, 100});
  builder.begin_block({base::Token(5), "mzz"});
  builder.end_block({base::Token(9), "q"}, {150, 50});
  const std::string bytes = builder.finish();
  CHECK(bytes.size() == builder.bytes());
  TableIndex index;
  REQUIRE(TableIndex::parse(bytes, 200, index));
  CHECK(*index.block_of({base::Token(5), "m"}) == 0);
  CHECK(*index.block_of({base::Token(5), "mz"}) == 1);
  CHECK(*index.block_of({base::Token(6), ""}) == 1);
  CHECK(!index.block_of({base::Token(4), "z"}));

  CHECK(!TableIndex::parse(bytes, 199, index));
  CHECK(!TableIndex::parse(bytes + "x", 200, index));
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE(!TableIndex::parse(bytes.substr(0, size), 200, index));
  }
  std::string descending = bytes;
  descending[8] = 6;
  CHECK(!TableIndex::parse(descending, 200, index));
}

TEST_CASE("a data block refuses what it would not have written") {
  DataBlockBuilder builder;
  const OwnRow row{7, "key", "meta", "value", false};
  builder.add({row.view(), false, {}});
  CHECK(builder.bytes() == 4 + 8 + 2 + 3 + 12);
  const std::string bytes(builder.finish());
  CHECK(builder.is_empty());
  DataBlock block;
  StoredRow stored;
  REQUIRE(DataBlock::parse(bytes, block));
  REQUIRE(block.row(0, stored));
  CHECK(OwnRow::of(stored.row) == row);

  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE(!DataBlock::parse(std::string_view(bytes).substr(0, size), block));
  }
  const auto is_refused = [&](size_t at, int value) {
    std::string other = bytes;
    other[at] = static_cast<char>(value);
    return !DataBlock::parse(other, block) || !block.row(0, stored);
  };
  CHECK(is_refused(3, 0x80));  // Wide without need.
  CHECK(is_refused(0, 0));     // No rows.
  CHECK(is_refused(0, 2));     // More than there are.
  CHECK(is_refused(14, 5));    // Erased, with a meta.
  CHECK(is_refused(14, 6));    // Apart, without a place.
  CHECK(is_refused(14, 8));    // An unknown flag.
  CHECK(is_refused(15, 99));   // A key beyond the row.
  CHECK(is_refused(16, 99));   // A meta beyond the row.
  CHECK(is_refused(16, 0));    // An empty meta that is said to be there.
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
