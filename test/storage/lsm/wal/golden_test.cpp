// The bytes of format version 1, as stores hold them. The file is never edited: a new version gets
// a new file beside it.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "storage/io/sim_file_system.h"
#include "storage/lsm/wal/log_rig.h"

namespace distkv::storage::lsm::test {
namespace {

constexpr size_t kValueBytes = 200;  // Long enough for a length of two bytes.

std::string golden_segment() {
  const std::string path = std::string(DISTKV_SOURCE_ROOT) + "/test/golden/wal_segment_v1.bin";
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A synced frame of one commit, one of two commits, and the end of an orderly close.
void write_golden(io::FileSystem& disk, const LogOptions& options) {
  LogRig rig(disk, options);
  rig.commit(kValueBytes);
  rig.settle();
  rig.append(kValueBytes);
  rig.commit(kValueBytes);
  rig.settle();
  REQUIRE(rig.close().is_ok());
}

}  // namespace

TEST_SUITE_BEGIN("log golden");

TEST_CASE("a segment is written as version 1 wrote it") {
  io::test::SimFileSystem disk(1);
  REQUIRE(disk.make_directory("/store").is_ok());
  write_golden(disk, small_options("/store"));
  CHECK((disk.contents("/store/log-00") == golden_segment()));
}

TEST_CASE("a segment of version 1 is read") {
  io::test::SimFileSystem disk(1);
  REQUIRE(disk.make_directory("/store").is_ok());
  disk.replace("/store/log-00", golden_segment());
  const Replayed replayed = replay(disk, small_options("/store"));
  REQUIRE(replayed.status.to_string() == "ok");
  REQUIRE(replayed.commits.size() == 3);
  for (uint64_t number = 1; number <= 3; ++number) {
    CHECK(replayed.commits[number - 1] == text_of_commit(number, kValueBytes));
  }
  CHECK(replayed.tail.was_closed);
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
