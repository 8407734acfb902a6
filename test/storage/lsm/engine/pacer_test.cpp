#include "storage/lsm/pacer.h"

#include <doctest/doctest.h>

namespace distkv::storage::lsm {
namespace {

constexpr base::MonotonicTime kNow{std::chrono::seconds(5)};

TEST_SUITE_BEGIN("lsm");

TEST_CASE("up to half the pressure no answer is held") {
  Pacer pacer;
  for (const double pressure : {0.0, 0.3, 0.5}) {
    CHECK(pacer.charge(kNow, 1 << 30, pressure) == kNow);
  }
}

TEST_CASE("at full pressure a byte costs a microsecond, and half way a quarter of that") {
  CHECK(Pacer().charge(kNow, 4000, 1.0) == kNow + std::chrono::milliseconds(4));
  CHECK(Pacer().charge(kNow, 4000, 0.75) == kNow + std::chrono::milliseconds(1));
}

TEST_CASE("charges too small for a timer add up until they are worth one") {
  Pacer pacer;
  for (int i = 0; i < 4; ++i) CHECK(pacer.charge(kNow, 100, 1.0) == kNow);
  CHECK(pacer.charge(kNow, 100, 1.0) == kNow + std::chrono::microseconds(500));
}

TEST_CASE("time that passes pays what was charged") {
  Pacer pacer;
  CHECK(pacer.charge(kNow, 1000, 1.0) == kNow + std::chrono::milliseconds(1));
  const auto later = kNow + std::chrono::seconds(1);
  CHECK(pacer.charge(later, 100, 1.0) == later);
}

TEST_CASE("answers leave in the order of their charges, and none is held beyond the longest time") {
  Pacer pacer;
  base::MonotonicTime until = kNow;
  for (int i = 0; i < 100; ++i) {
    const auto next = pacer.charge(kNow, 1000, 1.0);
    CHECK(next >= until);
    until = next;
  }
  const auto after_all = pacer.charge(kNow, 0, 0);
  CHECK(after_all == kNow + Pacer::kHeldMax);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
