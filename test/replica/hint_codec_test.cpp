#include "replica/hint_codec.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "support/hex.h"

namespace distkv::replica {
namespace {

using base::Code;
using base::NodeId;
using distkv::test::to_hex;

// "name hex" on each line.
std::string golden(const std::string& wanted) {
  std::ifstream file(DISTKV_SOURCE_ROOT "/test/golden/hint_v2.hex");
  for (std::string name, hex; file >> name >> hex;) {
    if (name == wanted) return hex;
  }
  return "missing";
}

const HintHeader kHeader{
    base::LayoutVersion{7},
    {0x0102030405060708, base::WallTime(std::chrono::milliseconds(1'700'000'000'123))}};
const RecordView kRecord{"record meta", "the values"};

TEST_SUITE_BEGIN("hint codec");

TEST_CASE("format version 2 has these bytes") {
  CHECK(to_hex(encode_hint_key(NodeId{"node-2"}, "user:1")) == golden("key"));
  CHECK(to_hex(encode_hint_meta(kHeader, kRecord)) == golden("meta"));
}

TEST_CASE("a hint comes back as it was") {
  const auto place = decode_hint_key(encode_hint_key(NodeId{"node-2"}, std::string("a\0b", 3)));
  REQUIRE(place.is_ok());
  CHECK(place->target == NodeId{"node-2"});
  CHECK(place->key == std::string("a\0b", 3));

  const std::string bytes = encode_hint_meta(kHeader, kRecord);
  const auto meta = decode_hint_meta(bytes);
  REQUIRE(meta.is_ok());
  CHECK(meta->header == kHeader);
  CHECK(meta->values_bytes == kRecord.values.size());
  CHECK(meta->record_meta == kRecord.meta);
}

TEST_CASE("another format is refused by its number, never misread") {
  std::string bytes = encode_hint_meta(kHeader, kRecord);
  for (const int version : {0, 1, 3, 255}) {
    bytes[0] = static_cast<char>(version);
    const auto meta = decode_hint_meta(bytes);
    CHECK(meta.code() == Code::kCorrupt);
    CHECK(meta.status().message() ==
          "a hint of format " + std::to_string(version) + "; this program reads format 2");
  }
}

TEST_CASE("a bare record, as hints once were, is refused") {
  const causality::Record record;
  CHECK(decode_hint_meta(encode(record).meta).code() == Code::kCorrupt);
}

TEST_CASE("what is cut short is corrupt") {
  const std::string meta = encode_hint_meta(kHeader, {kRecord.meta.substr(0, 1), ""});
  for (size_t size = 0; size < meta.size(); ++size) {
    CHECK(decode_hint_meta(meta.substr(0, size)).code() == Code::kCorrupt);
  }
  const std::string key = encode_hint_key(NodeId{"node-2"}, "k");
  for (size_t size = 0; size < key.size(); ++size) {
    CHECK(decode_hint_key(key.substr(0, size)).code() == Code::kCorrupt);
  }
  CHECK(decode_hint_key(std::string(1, '\0') + "key").code() == Code::kCorrupt);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::replica
