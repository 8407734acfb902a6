#include "bin/arguments.h"

#include <doctest/doctest.h>

namespace distkv::bin {
namespace {

using Words = std::vector<std::string>;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

const std::vector<FlagName> kFlags = {{"server"}, {"read-quorum"}, {"raw", true}};

Words normal(const Words& arguments) {
  const auto result = normalise(arguments, kFlags);
  REQUIRE(result.is_ok());
  return *result;
}

TEST_SUITE_BEGIN("command line arguments");

TEST_CASE("one dash or two, a blank or an equals sign: one form") {
  for (const Words& words : {Words{"-server", "a:1"}, Words{"--server", "a:1"},
                             Words{"-server=a:1"}, Words{"--server=a:1"}}) {
    CHECK(normal(words) == Words{"--server=a:1"});
  }
}

TEST_CASE("flags stand before or after the words, whose order stays") {
  CHECK(normal({"-server", "a:1", "put", "k", "v"}) == Words{"--server=a:1", "put", "k", "v"});
  CHECK(normal({"put", "k", "-server", "a:1", "v"}) == Words{"put", "k", "--server=a:1", "v"});
}

TEST_CASE("a boolean needs no value, and takes one only after an equals sign") {
  CHECK(normal({"get", "-raw", "key"}) == Words{"get", "--raw=true", "key"});
  CHECK(normal({"get", "--raw", "true"}) == Words{"get", "--raw=true", "true"});
  CHECK(normal({"--raw=false", "get"}) == Words{"--raw=false", "get"});
}

TEST_CASE("an empty value and one with equals signs are values") {
  CHECK(normal({"--server="}) == Words{"--server="});
  CHECK(normal({"--server", ""}) == Words{"--server="});
  CHECK(normal({"--server=a=b=="}) == Words{"--server=a=b=="});
}

TEST_CASE("a dash alone, a negative number and what follows two dashes are no flags") {
  CHECK(normal({"put", "key", "-"}) == Words{"put", "key", "-"});
  CHECK(normal({"put", "key", "-5"}) == Words{"put", "key", "-5"});
  CHECK(normal({"put", "--", "-raw"}) == Words{"put", "--", "-raw"});
}

TEST_CASE("an unknown flag is left for the parser, with two dashes") {
  CHECK(normal({"-nope=1"}) == Words{"--nope=1"});
}

TEST_CASE("a flag without its value is named") {
  const auto result = normalise({"get", "-server"}, kFlags);

  REQUIRE(!result.is_ok());
  CHECK(result.status().message().find("--server") != std::string::npos);
}

TEST_CASE("durations are numbers with units, added up") {
  const std::vector<std::pair<std::string_view, nanoseconds>> table = {
      {"5s", milliseconds(5000)},      {"100ms", milliseconds(100)},
      {"1m30s", milliseconds(90000)},  {"1.5h", milliseconds(5400000)},
      {"2s500ms", milliseconds(2500)}, {"7us", nanoseconds(7000)},
      {"9ns", nanoseconds(9)},         {"0s", nanoseconds(0)},
  };
  for (const auto& row : table) {
    CAPTURE(row.first);
    const auto parsed = parse_duration(row.first);
    REQUIRE(parsed.is_ok());
    CHECK(*parsed == row.second);
  }
}

TEST_CASE("what is no duration is refused with an example of one") {
  for (const std::string_view text :
       {"", "soon", "5", "s", "-1s", "1.2.3s", ".s", "5 s", "5parsecs", "99999999h", "1s5"}) {
    CAPTURE(text);
    const auto parsed = parse_duration(text);
    REQUIRE(!parsed.is_ok());
    CHECK(parsed.status().message().find("1m30s") != std::string::npos);
  }
}

TEST_CASE("sizes are bytes, or powers of 1024 with a unit") {
  const std::vector<std::pair<std::string_view, uint64_t>> table = {
      {"0", 0},          {"1048576", 1 << 20}, {"512K", 512 << 10},
      {"64M", 64 << 20}, {"64MiB", 64 << 20},  {"1GiB", 1 << 30},
  };
  for (const auto& row : table) {
    CAPTURE(row.first);
    const auto parsed = parse_bytes(row.first);
    REQUIRE(parsed.is_ok());
    CHECK(*parsed == row.second);
  }
}

TEST_CASE("what is no size is refused with an example of one") {
  for (const std::string_view text : {"", "much", "-1", "1.5M", "64 M", "64MB", "M", "1iB", "1KM",
                                      "9999999999G", "99999999999999999999"}) {
    CAPTURE(text);
    const auto parsed = parse_bytes(text);
    REQUIRE(!parsed.is_ok());
    CHECK(parsed.status().message().find("64MiB") != std::string::npos);
  }
}

TEST_CASE("a list has no empty parts and no blanks around them") {
  CHECK(split_list("a:1,b:2") == Words{"a:1", "b:2"});
  CHECK(split_list(" a:1 ,, b:2,") == Words{"a:1", "b:2"});
  CHECK(split_list("") == Words{});
  CHECK(split_list(",") == Words{});
}

TEST_CASE("the nearest name is suggested, and none where none is near") {
  CHECK(nearest("sevrer", kFlags) == "server");
  CHECK(nearest("read-quorom", kFlags) == "read-quorum");
  CHECK(nearest("frobnicate-all", kFlags).empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin
