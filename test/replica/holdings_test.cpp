#include "replica/holdings.h"

#include <doctest/doctest.h>

#include "support/hex.h"

namespace distkv::replica {
namespace {

using base::Code;
using base::Counter;
using base::PartitionId;
using base::Token;

Holdings sample() {
  Holdings holdings;
  holdings.set_partitions(8);
  holdings.raise_horizon(PartitionId{1}, Counter{0x0102030405060708});
  holdings.raise_horizon(PartitionId{7}, Counter{9});
  holdings.raise_floor(Counter{0x0202030405060708});
  holdings.fall_behind(PartitionId{3});
  return holdings;
}

TEST_SUITE_BEGIN("holdings");

TEST_CASE("a token has the horizon of its partition") {
  const Holdings holdings = sample();
  CHECK(holdings.horizon(Token{uint64_t{1} << 61}) == Counter{0x0102030405060708});
  CHECK(holdings.horizon(Token{(uint64_t{1} << 61) - 1}) == Counter{});
  CHECK(holdings.horizon(Token{UINT64_MAX}) == Counter{9});
  CHECK(Holdings().horizon(Token{UINT64_MAX}) == Counter{});
}

TEST_CASE("a horizon never falls, and lifts the floor with it") {
  Holdings holdings = sample();
  holdings.raise_horizon(PartitionId{7}, Counter{5});
  CHECK(holdings.horizon(PartitionId{7}) == Counter{9});
  CHECK(holdings.floor() == Counter{0x0202030405060708});
  holdings.raise_horizon(PartitionId{7}, Counter{0x0302030405060708});
  CHECK(holdings.floor() == Counter{0x0302030405060708});
}

TEST_CASE("a partition is behind until it has caught up") {
  Holdings holdings = sample();
  CHECK(holdings.is_behind(Token{uint64_t{3} << 61}));
  CHECK_FALSE(holdings.is_behind(Token{uint64_t{4} << 61}));
  holdings.catch_up(PartitionId{3});
  CHECK_FALSE(holdings.is_behind(PartitionId{3}));
}

TEST_CASE("the stored form is pinned") {
  const std::string pinned = "01080706050403020208020108070605040302010709000000000000000103";
  CHECK(test::to_hex(sample().encode()) == pinned);
  const auto decoded = Holdings::decode(sample().encode());
  REQUIRE(decoded.is_ok());
  CHECK(decoded->encode() == sample().encode());
  CHECK(decoded->behind() == sample().behind());
}

TEST_CASE("a damaged form is refused, wherever it is cut or longer, and never crashes") {
  const std::string bytes = sample().encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(Holdings::decode(bytes.substr(0, size)).code() == Code::kCorrupt);
  }
  CHECK(Holdings::decode(bytes + "x").code() == Code::kCorrupt);
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    (void)Holdings::decode(flipped);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::replica
