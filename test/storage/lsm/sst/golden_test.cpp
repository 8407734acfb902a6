// Pins the bytes of table version 1. The golden files are never edited: if this fails, the format
// changed, and stores written before do not open any more. A version 2 stands beside version 1.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "storage/lsm/sst/footer.h"
#include "storage/lsm/sst/rig.h"

namespace distkv::storage::lsm::test {

namespace {
std::string golden(const std::string& name) {
  std::ifstream file(std::string(DISTKV_SOURCE_ROOT) + "/test/golden/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Everything a table can hold but packed blocks, whose bytes are the LZ4 library's choice.
OwnRows golden_rows() {
  OwnRows rows = {{1, "", "", "", false}, {2, "erased", "", "", true}};
  for (int i = 0; i < 12; ++i) {
    rows.push_back({1ULL << 63, "tagged-" + std::to_string(100 + i), "clock", "value", false});
  }
  rows.push_back({UINT64_MAX, "apart", "clock", std::string(64, 'v'), false});
  return rows;
}

const TableOptions kGoldenOptions{
    .block_bytes = 128, .value_apart_min = 64, .filter_bits_per_key = 10, .is_compressed = false};
}  // namespace

TEST_SUITE_BEGIN("table golden bytes");

TEST_CASE("a table of version 1 keeps its bytes") {
  const BuiltTable built = build(golden_rows(), kGoldenOptions);
  CHECK(built.disk->bytes == golden("sst_table_v1.bin"));
}

TEST_CASE("a table of version 1 can be read") {
  BuiltTable built;
  built.disk->bytes = golden("sst_table_v1.bin");
  built.summary = build(golden_rows(), kGoldenOptions).summary;
  CHECK(read_all(*built.open()) == golden_rows());
}

TEST_CASE("a packed table of version 1 can be read") {
  OwnRows rows = golden_rows();
  rows.back().value.assign(500, 'p');
  TableOptions options = kGoldenOptions;
  options.is_compressed = true;
  BuiltTable built = build(rows, options);
  built.disk->bytes = golden("sst_table_packed_v1.bin");
  built.summary.bytes = built.disk->bytes.size();
  built.summary.checksum = base::hash128(built.disk->bytes);
  REQUIRE(built.summary.bytes > 0);
  CHECK(read_all(*built.open()) == rows);
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
