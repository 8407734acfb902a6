#include "storage/lsm/cache/entry_ring.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace distkv::storage::lsm {
namespace {

constexpr size_t kRingBytes = 1024;
constexpr size_t kHeaderBytes = 32;

KeyRef at(uint64_t token, std::string_view key, Space space = Space::kData) {
  return {space, base::Token(token), key};
}

TEST_SUITE_BEGIN("entry ring");

TEST_CASE("a record holds the key with its place, and the whole entry") {
  EntryRing ring(kRingBytes);

  const RingPosition position = ring.append(0, at(7, "key"), {"meta", "value"});

  CHECK(ring.is_live(position));
  CHECK(ring.is_of(position, at(7, "key")));
  CHECK(!ring.is_of(position, at(8, "key")));
  CHECK(!ring.is_of(position, at(7, "kez")));
  CHECK(!ring.is_of(position, at(7, "key", Space::kNode)));
  CHECK(ring.at(position).meta == "meta");
  CHECK(ring.at(position).value == "value");
}

TEST_CASE("a record is its header and its bytes, rounded up to units") {
  CHECK(EntryRing::bytes_of(at(0, ""), {}) == kHeaderBytes);
  CHECK(EntryRing::bytes_of(at(0, "k"), {}) == kHeaderBytes + 8);
  CHECK(EntryRing::bytes_of(at(0, "key"), {"me", "val"}) == kHeaderBytes + 8);
  CHECK(EntryRing::bytes_of(at(0, "key"), {"me", "valu"}) == kHeaderBytes + 16);
}

TEST_CASE("position 0 is live in no ring") {
  CHECK(!EntryRing(kRingBytes).is_live(RingPosition(0)));
  CHECK(!EntryRing(0).is_live(RingPosition(0)));
}

TEST_CASE("a record is live until the head overtakes it, and whole all that time") {
  EntryRing ring(kRingBytes);
  std::vector<RingPosition> positions;
  const auto key_of = [](size_t number) { return std::string(number % 50, 'k'); };
  const auto value_of = [](size_t number) { return std::string(number % 90, 'v'); };

  for (size_t i = 0; i < 2000; ++i) {
    positions.push_back(ring.append(0, at(i, key_of(i)), {"", value_of(i)}));
    size_t live = 0;
    for (size_t j = positions.size() - std::min<size_t>(positions.size(), 60); j <= i; ++j) {
      if (!ring.is_live(positions[j])) continue;
      ++live;
      REQUIRE(ring.is_of(positions[j], at(j, key_of(j))));
      REQUIRE(ring.at(positions[j]).value == value_of(j));
    }
    // No record is above 176 bytes, and no more than that is lost at the end of the ring.
    if (i > 100) REQUIRE(live >= 5);
  }

  CHECK(ring.bytes() <= kRingBytes);
  CHECK(ring.bytes() >= kRingBytes - 200);
}

TEST_CASE("a record that was hit is renewed whole, though it overlaps its new place") {
  EntryRing ring(kRingBytes);
  const std::string value = std::string(50, 'a') + std::string(50, 'b');
  const RingPosition first = ring.append(77, at(1, "first"), {"m", value});
  ring.mark_hit(first);
  while (ring.has_room(40)) ring.append(0, at(2, "k"), {});
  REQUIRE(ring.oldest() == first);
  REQUIRE(!ring.has_room(144));
  REQUIRE(ring.is_oldest_renewable());

  const RingPosition renewed = ring.renew_oldest();

  CHECK(!ring.is_live(first));
  CHECK(ring.hash_at(renewed) == 77);
  CHECK(ring.is_of(renewed, at(1, "first")));
  CHECK(ring.at(renewed).meta == "m");
  CHECK(ring.at(renewed).value == value);
}

TEST_CASE("a record is renewable if it was hit since it was written or renewed") {
  EntryRing ring(kRingBytes);
  const RingPosition position = ring.append(0, at(1, ""), {});
  CHECK(!ring.is_oldest_renewable());

  ring.mark_hit(position);
  CHECK(ring.is_oldest_renewable());

  ring.renew_oldest();
  CHECK(!ring.is_oldest_renewable());
}

TEST_CASE("everything can be forgotten at once") {
  EntryRing ring(kRingBytes);
  const RingPosition position = ring.append(0, at(1, "a"), {});

  ring.forget_all();

  CHECK(!ring.is_live(position));
  CHECK(ring.is_live(ring.append(0, at(1, "a"), {})));
}

TEST_CASE("a ring whose positions are used up says so in time, and starts again") {
  EntryRing ring(kRingBytes, RingPosition(EntryRing::kPositionMax - 5 * kRingBytes / 8));
  size_t records = 0;
  for (; !ring.is_worn_out(); ++records) ring.append(0, at(1, "a"), {});
  CHECK(records > 0);
  CHECK(ring.append(0, at(1, "a"), {}).value() <= EntryRing::kPositionMax);

  ring.restart();

  CHECK(!ring.is_worn_out());
  CHECK(ring.is_live(ring.append(0, at(1, "a"), {})));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
