// Pins the bytes of version 1. The golden file is never edited: if this fails, stores on disk can
// no longer be read, and the format needs a new version beside the old.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "states.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/manifest/codec.h"
#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm {
namespace {

using base::Id128;

constexpr StoreId kStore(Id128{0x0123456789abcdef, 0xfedcba9876543210});
const std::string kDirectory = "/store";
const std::string kCurrent = "manifest-000001 37f48b339c6888dc\n";

std::string golden() {
  std::ifstream file(DISTKV_SOURCE_ROOT "/test/golden/manifest_v1.bin", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A flush that moves the log's floor, then a stretch of a sweep.
std::vector<Edit> edits_of(StoreState& state) {
  std::vector<Edit> edits{flush_of(state)};
  edits[0].log_floor = SegmentNumber(5);
  REQUIRE(apply(edits[0], state).is_ok());
  edits.push_back(sweep_of(state, {0, 499}, {table_of(17, {0, 480})}));
  REQUIRE(apply(edits[1], state).is_ok());
  return edits;
}

TEST_SUITE_BEGIN("golden");

TEST_CASE("a manifest is exactly the bytes of version 1") {
  io::test::SimFileSystem disk(1);
  REQUIRE(disk.make_directory(kDirectory).is_ok());
  const auto manifest = Manifest::start(disk, kDirectory, kStore, sample_state());
  REQUIRE(manifest.is_ok());
  StoreState state = sample_state();

  for (const auto& edit : edits_of(state)) REQUIRE((*manifest)->add(edit).is_ok());

  CHECK((disk.contents("/store/manifest-000001") == golden()));
  CHECK(disk.contents("/store/CURRENT") == kCurrent);
}

TEST_CASE("the bytes of version 1 are read as what they were made of") {
  io::test::SimFileSystem disk(1);
  REQUIRE(disk.make_directory(kDirectory).is_ok());
  disk.replace("/store/manifest-000001", golden());
  disk.replace("/store/CURRENT", kCurrent);
  StoreState state = sample_state();
  edits_of(state);

  const auto found = Manifest::read(disk, kDirectory);

  REQUIRE(found.is_ok());
  CHECK((*found)->store == kStore);
  CHECK((*found)->state == state);
  CHECK((*found)->has_end);
}

// parts, next file, next run, no puts; one swap: space, old table, one table of five varints, two
// tokens and a checksum.
TEST_CASE("a swap is exactly these bytes, and no swap is no bytes") {
  Edit edit = edit_of(sample_state());
  const std::string without = encode(edit);
  edit.swaps.push_back({.old = FileId(11), .with = {table_of(17, {1, 258})}});

  CHECK(without == std::string("\x00\x14\x0a\x00", 4));
  const std::string bytes = encode(edit);
  CHECK(bytes == std::string("\x08\x14\x0a\x00\x01\x01\x0b\x01"
                             "\x11\xf9\x07\xe1\x0f\x64\x11"
                             "\x01\x00\x00\x00\x00\x00\x00\x00"
                             "\x02\x01\x00\x00\x00\x00\x00\x00"
                             "\x11\x00\x00\x00\x00\x00\x00\x00"
                             "\xee\xff\xff\xff\xff\xff\xff\xff",
                             47));
  const auto again = decode_edit(bytes);
  REQUIRE(again.is_ok());
  CHECK(*again == edit);
  CHECK_FALSE(decode_edit(std::string("\x08\x14\x0a\x00\x00", 5)).is_ok());
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
