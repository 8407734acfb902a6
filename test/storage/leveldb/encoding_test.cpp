#include "storage/leveldb/encoding.h"

#include <doctest/doctest.h>

#include <string>

namespace distkv::storage::leveldb {
namespace {

KeyRef key_at(uint64_t token, std::string_view key) {
  return {Space::kData, base::Token{token}, key};
}

TEST_SUITE_BEGIN("leveldb encoding");

TEST_CASE("a key is its space, its token big-endian, and its bytes") {
  const std::string encoded = encode_key(key_at(0x0102030405060708, "key"));
  CHECK(encoded == std::string("\x01\x01\x02\x03\x04\x05\x06\x07\x08key"));
  const auto decoded = decode_key(encoded);
  REQUIRE(decoded.is_ok());
  CHECK(decoded->token == base::Token{0x0102030405060708});
  CHECK(decoded->key == "key");
  CHECK(decode_key("short").code() == base::Code::kCorrupt);
}

TEST_CASE("the order of encoded keys is the order of tokens, then of keys") {
  CHECK(encode_key(key_at(1, "z")) < encode_key(key_at(0x100, "a")));
  CHECK(encode_key(key_at(0x100, "a")) < encode_key(key_at(UINT64_MAX, "")));
  CHECK(encode_key(key_at(7, "")) < encode_key(key_at(7, "\x01")));
  CHECK(encode_key(key_at(7, "a")) < encode_key(key_at(7, "\xff")));
}

TEST_CASE("the bytes of an entry are those of format 1") {
  const std::string encoded = encode_entry(encode_key(key_at(1, "k")), {"me", "val"});
  REQUIRE(encoded.size() == 14);
  CHECK(encoded.substr(0, 6) == "\x02meval");
  CHECK(encoded.substr(6) == "\x62\xc0\x6e\x2f\x8b\xb4\x7c\xf7");
}

TEST_CASE("a changed, cut or misplaced entry is corrupt, whichever byte it is") {
  const std::string key = encode_key(key_at(1, "k"));
  const std::string encoded = encode_entry(key, {"meta", "value"});
  REQUIRE(decode_entry(key, encoded, Part::kAll).is_ok());
  CHECK(*decode_entry(key, encoded, Part::kAll) == Entry{"meta", "value"});
  CHECK(*decode_entry(key, encoded, Part::kMeta) == Entry{"meta", ""});

  CHECK(decode_entry(encode_key(key_at(1, "l")), encoded, Part::kAll).code() ==
        base::Code::kCorrupt);
  for (size_t i = 0; i < encoded.size(); ++i) {
    CHECK(decode_entry(key, encoded.substr(0, i), Part::kAll).code() == base::Code::kCorrupt);
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = encoded;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      CHECK(decode_entry(key, flipped, Part::kAll).code() == base::Code::kCorrupt);
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::leveldb
