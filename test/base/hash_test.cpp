#include "base/hash.h"

#include <doctest/doctest.h>

#include <string>

namespace distkv::base {

TEST_SUITE_BEGIN("hash");

TEST_CASE("bytes that arrive in pieces hash as the whole does, however they are cut") {
  std::string bytes;
  for (int i = 0; i < 10'000; ++i) bytes.push_back(static_cast<char>(i * 31 + i / 7));

  for (const size_t piece : {size_t{1}, size_t{3}, size_t{240}, size_t{4096}, bytes.size()}) {
    Hash128Stream stream;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      stream.add(std::string_view(bytes).substr(at, piece));
    }
    CHECK(stream.hash() == hash128(bytes));
  }
}

TEST_CASE("a stream's hash so far does not disturb what follows") {
  Hash128Stream stream;
  CHECK(stream.hash() == hash128(""));

  stream.add("abc");
  CHECK(stream.hash() == hash128("abc"));

  stream.add("def");
  CHECK(stream.hash() == hash128("abcdef"));
}

TEST_SUITE_END();

}  // namespace distkv::base
