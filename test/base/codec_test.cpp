#include "base/codec.h"

#include <doctest/doctest.h>

#include "base/rng.h"

namespace distkv::base {
namespace {

TEST_SUITE_BEGIN("codec");

TEST_CASE("what a writer wrote, a reader reads back, and nothing is left") {
  std::string out;
  Writer writer(out);
  writer.u8(7);
  writer.u16(0xbeef);
  writer.u32(0xdeadbeef);
  writer.u64(0x0123456789abcdef);
  writer.id128({1, 2});
  writer.varint(300);
  writer.bytes("hello");

  Reader reader(out);
  CHECK(reader.u8() == 7);
  CHECK(reader.u16() == 0xbeef);
  CHECK(reader.u32() == 0xdeadbeef);
  CHECK(reader.u64() == 0x0123456789abcdef);
  CHECK(reader.id128() == Id128{1, 2});
  CHECK(reader.varint() == 300);
  CHECK(reader.bytes(5) == "hello");
  CHECK(reader.is_complete());
}

TEST_CASE("fixed integers are little-endian, varints are LEB128") {
  std::string out;
  Writer writer(out);
  writer.u32(0x01020304);
  writer.varint(300);
  CHECK(out == std::string("\x04\x03\x02\x01\xac\x02"));
}

TEST_CASE("every varint round-trips in its shortest form") {
  for (int bit = 0; bit < 64; ++bit) {
    for (const uint64_t value : {uint64_t{1} << bit, (uint64_t{1} << bit) - 1}) {
      std::string out;
      Writer(out).varint(value);
      Reader reader(out);
      CHECK(reader.varint() == value);
      CHECK(reader.is_complete());
    }
  }
}

TEST_CASE("a varint longer than needed or than 64 bits is refused") {
  for (const std::string& bad : {std::string("\x80\x00", 2), std::string(10, '\xff'),
                                 std::string(11, '\x80'), std::string("\x80")}) {
    Reader reader(bad);
    CHECK(reader.varint() == 0);
    CHECK(reader.has_failed());
  }
}

TEST_CASE("a length beyond the input or the limit fails, and the reader stays failed") {
  std::string out;
  Writer(out).bytes("hello");
  Reader over_limit(out);
  CHECK(over_limit.bytes(4).empty());
  CHECK(over_limit.has_failed());
  CHECK(over_limit.u8() == 0);

  Reader cut(std::string_view(out).substr(0, 3));
  CHECK(cut.bytes(100).empty());
  CHECK(cut.has_failed());
}

TEST_CASE("random bytes never read past the end") {
  Rng rng(1);
  for (int round = 0; round < 2000; ++round) {
    std::string noise(rng.below(40), '\0');
    for (char& c : noise) c = static_cast<char>(rng.next());
    Reader reader(noise);
    while (!reader.has_failed() && reader.remaining() > 0) {
      switch (rng.below(5)) {
        case 0:
          reader.u64();
          break;
        case 1:
          reader.varint();
          break;
        case 2:
          reader.bytes(20);
          break;
        case 3:
          reader.id128();
          break;
        default:
          reader.u8();
      }
    }
    CHECK(reader.remaining() <= noise.size());
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::base
