#include "text_file.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <string_view>

namespace distkv::storage::lsm {
namespace {

std::string path_of(const std::string& name) {
  return std::string(DISTKV_SOURCE_ROOT "/test/storage/lsm/compaction/") + name;
}

bool is_rewriting() {
  const char* asked = getenv("DISTKV_REWRITE");
  return asked != nullptr && std::string_view(asked) == "1";
}

}  // namespace

std::string read_text_file(const std::string& name) {
  std::ifstream file(path_of(name));
  REQUIRE_MESSAGE(file.good(), path_of(name));
  return {std::istreambuf_iterator<char>(file), {}};
}

void check_text_file(const std::string& name, const std::string& expected) {
  if (is_rewriting()) {
    std::ofstream(path_of(name)) << expected;
    return;
  }
  CHECK(read_text_file(name) == expected);
}

}  // namespace distkv::storage::lsm
