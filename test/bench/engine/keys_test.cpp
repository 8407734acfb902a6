#include "bench/engine/keys.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

namespace distkv::bench {

TEST_SUITE("engine_bench keys") {
  TEST_CASE("a key is its index in sixteen digits, and can be read back") {
    KeyText text;
    CHECK(text.set(0) == "0000000000000000");
    CHECK(text.set(4'999'999) == "0000000004999999");
    CHECK(index_of(text.set(4'999'999)) == 4'999'999);
  }

  TEST_CASE("a missing key sorts right after the key of its index") {
    KeyText text;
    const std::string present(text.set(41));
    const std::string next(text.set(42));
    const std::string_view missing = text.set_missing(41);
    CHECK(present < missing);
    CHECK(missing < next);
  }

  TEST_CASE("a permutation gives each number once, and not in order") {
    for (const uint64_t size : {uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{1000}}) {
      const Permutation order(size, 7);
      std::vector<bool> is_seen(size);
      uint64_t in_place = 0;
      for (uint64_t i = 0; i < size; ++i) {
        const uint64_t value = order.at(i);
        REQUIRE(value < size);
        CHECK_FALSE(is_seen[value]);
        is_seen[value] = true;
        in_place += value == i ? 1 : 0;
      }
      // One number stays in place on average, whatever the size.
      if (size > 3) CHECK(in_place < 10);
    }
  }

  TEST_CASE("Zipfian draws have the frequencies of their law") {
    constexpr uint64_t kSize = 1000;
    constexpr int kDraws = 200'000;
    const Zipfian zipfian(kSize, 0.99);
    base::Rng rng(3);
    std::vector<int> counts(kSize);
    for (int i = 0; i < kDraws; ++i) ++counts.at(zipfian.draw(rng));
    double zeta = 0;
    for (uint64_t rank = 1; rank <= kSize; ++rank) {
      zeta += 1 / std::pow(static_cast<double>(rank), 0.99);
    }

    // The first two ranks are exact; further ones follow within Gray's approximation.
    CHECK(counts[0] == doctest::Approx(kDraws / zeta).epsilon(0.03));
    CHECK(counts[1] == doctest::Approx(kDraws / zeta / std::pow(2, 0.99)).epsilon(0.03));
    int upper_half = 0;
    for (uint64_t rank = kSize / 2; rank < kSize; ++rank) upper_half += counts[rank];
    CHECK(upper_half == doctest::Approx(kDraws * 0.0925).epsilon(0.15));
  }
}

}  // namespace distkv::bench
