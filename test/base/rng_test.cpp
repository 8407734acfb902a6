#include "base/rng.h"

#include <doctest/doctest.h>

#include <vector>

#include "base/hash.h"

namespace distkv::base {
namespace {

TEST_SUITE_BEGIN("rng");

TEST_CASE("one seed gives one sequence, on every compiler") {
  Rng rng(42);
  CHECK(rng.next() == 1546998764402558742u);
  CHECK(rng.next() == 6990951692964543102u);
  CHECK(Rng(42).next() != Rng(43).next());
}

TEST_CASE("below stays below, and every value comes up about equally often") {
  Rng rng(7);
  std::vector<int> seen(10);
  for (int i = 0; i < 100000; ++i) ++seen[rng.below(10)];
  for (const int count : seen) {
    CHECK(count > 9500);
    CHECK(count < 10500);
  }
}

TEST_CASE("chance zero never happens and chance one always does") {
  Rng rng(7);
  for (int i = 0; i < 1000; ++i) {
    CHECK_FALSE(rng.chance(0));
    CHECK(rng.chance(1));
  }
}

TEST_CASE("the hash is XXH3 as published") {
  CHECK(hash64("") == 0x2d06800538d394c2u);
  CHECK(hash128("").to_hex() == "99aa06d3014798d86001c324468d497f");
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::base
