// The bytes of format version 1, as stores and clients hold them. The files are never edited: a
// new version gets new files beside them.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "causality/record.h"

namespace distkv::causality {
namespace {

std::string golden(const std::string& name) {
  std::ifstream file(std::string(DISTKV_SOURCE_ROOT) + "/test/golden/" + name, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Context golden_context() {
  Context context;
  context.raise({base::ActorId(0x1111111111111111), base::Counter(0x018bcfe568000001)});
  context.raise({base::ActorId(0x2222222222222222), base::Counter(0x018bcfe568010000)});
  context.add({base::ActorId(0x2222222222222222), base::Counter(0x018bcfe568020000)});
  context.add_span(Span{base::ActorId(0x3333333333333333), base::Counter(0x018bcfe568000000),
                        base::Counter(0x018bcfe56800012c)});
  return context;
}

Record golden_record() {
  Record record;
  record.seen = golden_context();
  record.versions = {
      {.dot = {base::ActorId(0x1111111111111111), base::Counter(0x018bcfe568000001)},
       .op_id = base::OpId(base::Id128{0x0123456789abcdef, 0xfedcba9876543210}),
       .expires_at = base::WallTime(base::WallTime::duration(1700000000123)),
       .value = "a value that expires"},
      {.dot = {base::ActorId(0x2222222222222222), base::Counter(0x018bcfe568010000)},
       .op_id = base::OpId(base::Id128{1, 2}),
       .is_tombstone = true},
      {.dot = {base::ActorId(0x3333333333333333), base::Counter(0x018bcfe56800012c)},
       .op_id = base::OpId(base::Id128{3, 4}),
       .value = std::string(200, 'v')},
  };
  return record;
}

TEST_SUITE_BEGIN("causality golden bytes");

TEST_CASE("version 1 of the token is read and written byte for byte") {
  const std::string bytes = golden("causality_token_v1.bin");
  CHECK(encode_token(golden_context()) == bytes);
  CHECK(*decode_token(bytes) == golden_context());
}

TEST_CASE("version 1 of the record is read and written byte for byte") {
  const std::string meta = golden("causality_record_meta_v1.bin");
  const std::string values = golden("causality_record_values_v1.bin");
  std::string meta_now;
  std::string values_now;
  encode_record(golden_record(), meta_now, values_now);
  CHECK(meta_now == meta);
  CHECK(values_now == values);
  CHECK(*decode_record(meta, values) == golden_record());
}

TEST_CASE("the digest of a record never changes") {
  CHECK(digest(golden("causality_record_meta_v1.bin")) == 0xca933b8831598ec9);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::causality
