#include "causality/horizon.h"

#include <doctest/doctest.h>

namespace distkv::causality {
namespace {

constexpr uint64_t kA = 1;
constexpr uint64_t kB = 2;

Dot dot(uint64_t actor, uint64_t counter) { return {base::ActorId(actor), base::Counter(counter)}; }

struct Written {
  Dot dot;
  bool is_tombstone = false;
  int64_t expires_at_ms = 0;  // Zero: never.
};

// Has seen each of these as the newest of its actor.
Record record_of(const std::vector<Written>& writes) {
  Record record;
  for (const Written& write : writes) {
    record.seen.raise(write.dot);
    Version version;
    version.dot = write.dot;
    version.is_tombstone = write.is_tombstone;
    version.expires_at = base::WallTime(std::chrono::milliseconds(write.expires_at_ms));
    record.versions.push_back(version);
  }
  return record;
}

// The horizon that a clock at this millisecond gives.
base::Counter at(int64_t millisecond) {
  return counter_at(base::WallTime(std::chrono::milliseconds(millisecond)));
}
Dot dot_at(uint64_t actor, int64_t millisecond) { return {base::ActorId(actor), at(millisecond)}; }

TEST_SUITE_BEGIN("horizon");

TEST_CASE("a counter holds milliseconds in its high 48 bits, none before 1970") {
  CHECK(at(5).value() == uint64_t{5} << 16);
  CHECK(at(-5).value() == 0);
}

TEST_CASE("what a store has not seen up to its horizon is obsolete, whoever brings it") {
  Record incoming = record_of({{dot(kA, 10)}, {dot(kB, 30)}});
  CHECK(drop_obsolete(incoming, Record{}, base::Counter{20}));
  REQUIRE(incoming.versions.size() == 1);
  CHECK(incoming.versions[0].dot == dot(kB, 30));
  CHECK(incoming.seen.covers(dot(kA, 10)));
}

TEST_CASE("the horizon itself is included") {
  Record incoming = record_of({{dot(kA, 20)}});
  CHECK(drop_obsolete(incoming, Record{}, base::Counter{20}));
  CHECK(incoming.versions.empty());
}

TEST_CASE("what the store has seen is left for merge to judge") {
  const Record own = record_of({{dot(kA, 10)}});
  Record incoming = own;
  CHECK_FALSE(drop_obsolete(incoming, own, base::Counter{20}));
  CHECK(incoming == own);
}

TEST_CASE("without a horizon nothing is obsolete and nothing is spent") {
  Record incoming = record_of({{dot(kA, 10), true}});
  CHECK_FALSE(drop_obsolete(incoming, Record{}, base::Counter{}));
  CHECK_FALSE(is_spent(incoming, base::Counter{}));
}

TEST_CASE("a record of tombstones up to the horizon is spent") {
  const Record deleted = record_of({{dot(kA, 10), true}, {dot(kB, 20), true}});
  CHECK(is_spent(deleted, base::Counter{20}));
  CHECK_FALSE(is_spent(deleted, base::Counter{19}));
  CHECK_FALSE(is_spent(record_of({{dot(kA, 10), true}, {dot(kB, 20)}}), base::Counter{20}));
}

TEST_CASE("a record that has seen anything above the horizon is not spent") {
  Record deleted = record_of({{dot(kA, 10), true}});
  deleted.seen.add(dot(kB, 30));
  CHECK_FALSE(is_below(deleted, base::Counter{20}));
  CHECK_FALSE(is_spent(deleted, base::Counter{20}));
}

TEST_CASE("a value with a time to live is judged at the horizon, not at anybody's clock") {
  const Record expiring = record_of({{dot_at(kA, 100), false, 150}});
  CHECK_FALSE(is_spent(expiring, at(149)));
  CHECK(is_spent(expiring, at(150)));
}

TEST_CASE("a store has seen what its horizon says, and no more") {
  Context seen;
  seen.raise(dot(kA, 40));
  Context wanted;
  wanted.raise(dot(kA, 10));
  wanted.raise(dot(kB, 15));
  CHECK_FALSE(with_settled(seen, wanted, base::Counter{}).includes(wanted));
  CHECK(with_settled(seen, wanted, base::Counter{20}).includes(wanted));
  CHECK(with_settled(seen, wanted, base::Counter{20}).includes(seen));

  wanted.add(dot(kB, 30));
  CHECK_FALSE(with_settled(seen, wanted, base::Counter{20}).includes(wanted));
  CHECK(with_settled(seen, wanted, base::Counter{30}).includes(wanted));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::causality
