#include "coordinator/hot_keys.h"

#include <doctest/doctest.h>

#include "base/rng.h"
#include "ring/token.h"

namespace distkv::coordinator {
namespace {

bool touch(HotKeys& keys, const std::string& key) { return keys.touch(ring::token_of(key), key); }

}  // namespace

TEST_SUITE_BEGIN("hot keys");

TEST_CASE("nothing is hot before there were enough requests to say so") {
  HotKeys keys;

  for (uint64_t i = 1; i < HotKeys::kRequestsMin; ++i) CHECK_FALSE(touch(keys, "only"));
  CHECK(keys.hot().empty());

  CHECK(touch(keys, "only"));
  REQUIRE(keys.hot().size() == 1);
  CHECK(keys.hot()[0].key == "only");
  CHECK(keys.hot()[0].share == doctest::Approx(1));
}

TEST_CASE("a key with a tenth of the requests is found among a million others") {
  HotKeys keys;
  base::Rng rng(7);

  size_t answers = 0;
  for (int i = 0; i < 200'000; ++i) {
    const bool is_wanted = i % 10 == 0;
    const bool is_hot =
        touch(keys, is_wanted ? "hot" : "cold" + std::to_string(rng.below(1'000'000)));
    if (i > 1000) CHECK(is_hot == is_wanted);
    answers += is_hot ? 1 : 0;
  }

  CHECK(answers > 19'000);
  REQUIRE(keys.hot().size() == 1);
  CHECK(keys.hot()[0].share == doctest::Approx(0.1).epsilon(0.1));
}

TEST_CASE("an estimate is at most its error too high, and never too low") {
  HotKeys keys;
  base::Rng rng(9);
  uint64_t asked = 0;
  for (int i = 0; i < 100'000; ++i) {
    const bool is_hot = i > 2000 && i % 8 == 0;
    asked += is_hot ? 1 : 0;
    touch(keys, is_hot ? "hot" : std::to_string(rng.below(100'000)));
  }

  const std::vector<HotKeys::Hot> hot = keys.hot();
  REQUIRE(hot.size() == 1);
  CHECK(hot[0].error > 0);
  CHECK(hot[0].requests >= asked);
  CHECK(hot[0].requests - hot[0].error <= asked);
}

TEST_CASE("even load has no hot key") {
  HotKeys keys;
  base::Rng rng(8);

  for (int i = 0; i < 100'000; ++i) CHECK_FALSE(touch(keys, std::to_string(rng.below(1000))));
}

TEST_CASE("a key that nobody asks for any more cools down") {
  HotKeys keys;
  for (uint64_t i = 0; i < HotKeys::kRequestsMax; ++i) touch(keys, "old");

  for (uint64_t i = 0; i < 10 * HotKeys::kRequestsMax; ++i) touch(keys, "new");

  REQUIRE(keys.hot().size() == 1);
  CHECK(keys.hot()[0].key == "new");
}

TEST_CASE("the hottest key comes first") {
  HotKeys keys;
  for (int i = 0; i < 6000; ++i) touch(keys, i % 6 < 3 ? "a" : i % 6 < 5 ? "b" : "c");

  CHECK(keys.requests() == 6000);
  CHECK(keys.hot().at(0).requests == 3000);
  CHECK(keys.hot().at(0).error == 0);
  REQUIRE(keys.hot().size() == 3);
  CHECK(keys.hot()[0].key == "a");
  CHECK(keys.hot()[2].key == "c");
}

}  // namespace distkv::coordinator
