#include "storage/map/token_table.h"

#include <doctest/doctest.h>

#include <map>

#include "base/rng.h"

namespace distkv::storage::map {
namespace {

TEST_SUITE_BEGIN("token table");

TEST_CASE("random inserts and removals leave what an ordered map holds, in its order") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    base::Rng rng(seed);
    TokenTable table;
    std::map<std::pair<uint64_t, std::string>, std::string> expected;
    for (int i = 0; i < 20'000; ++i) {
      // Half the keys crowd into one region and into few tokens.
      const uint64_t token = rng.chance(0.5) ? rng.below(64) : rng.next();
      const std::string key = std::to_string(rng.below(500));
      const PlaceView place(base::Token{token}, key);
      if (rng.chance(0.3)) {
        table.remove(place);
        expected.erase({token, key});
      } else {
        table.find_or_insert(place).entry.value = std::to_string(i);
        expected[{token, key}] = std::to_string(i);
      }
    }

    CHECK(table.size() == expected.size());
    const auto* at = table.seek({base::Token{0}, ""}, false);
    for (const auto& [place, value] : expected) {
      REQUIRE(at != nullptr);
      REQUIRE(at->first.token.value() == place.first);
      REQUIRE(at->first.key == place.second);
      REQUIRE(at->second.entry.value == value);
      REQUIRE(table.find(at->first) == &at->second);
      at = table.seek(at->first, true);
    }
    CHECK(at == nullptr);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::map
