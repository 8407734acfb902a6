#include "bin/cli/lines.h"

#include <doctest/doctest.h>

#include "base/types.h"

namespace distkv::bin::cli {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(std::string_view text) {
  const auto keys = keys_of_lines(text);
  REQUIRE(keys.is_ok());
  Pairs pairs;
  for (const Client::KeyValue& pair : *keys) pairs.emplace_back(pair.key, pair.value);
  return pairs;
}

TEST_SUITE_BEGIN("lines as keys");

TEST_CASE("each line that is not empty is a key with its number as the value") {
  CHECK(pairs_of("one\n\nthree\n four ") == Pairs{{"one", "1"}, {"three", "3"}, {" four ", "4"}});
  CHECK(pairs_of("").empty());
  CHECK(pairs_of("\n\n").empty());
}

TEST_CASE("a line that comes again is one key with its last number") {
  CHECK(pairs_of("a\nb\na\n") == Pairs{{"a", "3"}, {"b", "2"}});
}

TEST_CASE("the longest key is one, and a longer line is named") {
  const std::string longest(base::kKeyBytesMax, 'k');
  CHECK(pairs_of("short\n" + longest).size() == 2);

  const auto keys = keys_of_lines("short\n\n" + longest + "k\n");
  REQUIRE(!keys.is_ok());
  CHECK(keys.status().message() == "line 3 has 65537 bytes, a key at most 65536");
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::cli
