#include "ring/token.h"

#include <doctest/doctest.h>

#include <string>

#include "base/hash.h"

namespace distkv::ring {
namespace {

TEST_SUITE_BEGIN("token");

TEST_CASE("the checksum is the one Redis Cluster specifies") {
  CHECK(crc16("") == 0);
  CHECK(crc16("123456789") == 0x31C3);
}

TEST_CASE("slots are those of Redis Cluster") {
  CHECK(slot_of("foo") == 12182);
  CHECK(slot_of("bar") == 5061);
  CHECK(slot_of("hello") == 866);
  CHECK(slot_of("") == 0);
}

TEST_CASE("the tag stands between the first brace and the next closing one") {
  struct Row {
    std::string_view key;
    std::string_view tag;
  };
  const Row rows[] = {
      {"{user1000}.following", "user1000"},
      {"{user1000}.followers", "user1000"},
      {"foo{}{bar}", "foo{}{bar}"},
      {"foo{{bar}}zap", "{bar"},
      {"foo{bar}{zap}", "bar"},
      {"foo}bar{zap}", "zap"},
      {"foo{bar", "foo{bar"},
      {"foo}bar", "foo}bar"},
      {"{", "{"},
      {"{}", "{}"},
      {"", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.key);
    CHECK(tag_of(row.key) == row.tag);
  }
}

TEST_CASE("a token's top 14 bits are the slot and the rest the tag's hash") {
  for (const std::string_view key : {"foo", "bar", "a{b}c", "", "\xff\x00{"}) {
    const uint64_t token = token_of(key).value();
    CHECK((token >> 50) == slot_of(key));
    CHECK((token & ((uint64_t{1} << 50) - 1)) == base::hash64(tag_of(key)) >> 14);
  }
}

TEST_CASE("keys with one tag share a token, others hardly ever") {
  CHECK(token_of("{cart}:1") == token_of("{cart}:2"));
  CHECK(token_of("{cart}:1") == token_of("cart"));
  CHECK(token_of("cart:1") != token_of("cart:2"));
}

TEST_CASE("a token never changes: data on disk stands where it says") {
  CHECK((token_of("foo").value() >> 50) == 12182);
  CHECK(token_of("foo").value() == 13716466627297418745u);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::ring
