#include "replica/dot_clock.h"

#include <doctest/doctest.h>

#include "support/hand_clock.h"

namespace distkv::replica {
namespace {

using base::ActorId;
using base::Counter;

TEST_SUITE_BEGIN("dot clock");

TEST_CASE("counters grow strictly, also while the wall clock stands still or goes back") {
  test::HandClock clock;
  DotClock dots(ActorId{7}, Counter{}, clock);
  const causality::Context nothing;

  Counter last = dots.mint(nothing).counter;
  for (int i = 0; i < 100; ++i) {
    if (i == 50) clock.wall -= std::chrono::hours(24);
    const Counter next = dots.mint(nothing).counter;
    CHECK(next > last);
    last = next;
  }
}

TEST_CASE("a counter shows the wall clock's milliseconds in its high 48 bits") {
  test::HandClock clock;
  DotClock dots(ActorId{7}, Counter{}, clock);
  CHECK(dots.mint({}).counter.value() == uint64_t{1'700'000'000'000} << 16);
}

TEST_CASE("a mint goes above the floor and above what the key has seen of this actor") {
  test::HandClock clock;
  const Counter floor{uint64_t{1'800'000'000'000} << 16};
  DotClock dots(ActorId{7}, floor, clock);
  CHECK(dots.mint({}).counter.value() == floor.value() + 1);

  causality::Context seen;
  const Counter ahead{uint64_t{1'900'000'000'000} << 16};
  seen.raise({ActorId{7}, ahead});
  CHECK(dots.mint(seen).counter.value() == ahead.value() + 1);
}

TEST_CASE("another actor's counters, even a year ahead, do not move this store's clock") {
  test::HandClock clock;
  DotClock dots(ActorId{7}, Counter{}, clock);
  causality::Context seen;
  seen.raise({ActorId{8}, Counter{uint64_t{1'900'000'000'000} << 16}});
  CHECK(dots.mint(seen).counter.value() == uint64_t{1'700'000'000'000} << 16);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::replica
