// Damage to a log at rest: either every commit comes back or kCorrupt says where; what a crash can
// leave behind is no damage.
#include <doctest/doctest.h>

#include "storage/io/sim_file_system.h"
#include "storage/lsm/wal/format.h"
#include "storage/lsm/wal/log_rig.h"

namespace distkv::storage::lsm::test {
namespace {

constexpr uint64_t kCommits = 12;  // A frame each; two segments.

struct Fixture {
  io::test::SimFileSystem disk{1};
  LogOptions options = small_options("/store");

  Fixture() { REQUIRE(disk.make_directory("/store").is_ok()); }

  void write_log(bool is_closed) {
    LogRig rig(disk, options);
    for (uint64_t i = 0; i < kCommits; ++i) {
      rig.commit();
      rig.settle();
    }
    if (is_closed) REQUIRE(rig.close().is_ok());
  }

  // The commits that come back, or the failure's name.
  std::string outcome() {
    const Replayed replayed = replay(disk, options);
    if (!replayed.status.is_ok()) return std::string(base::name_of(replayed.status.code()));
    for (size_t i = 0; i < replayed.commits.size(); ++i) {
      CHECK(replayed.commits[i] == text_of_commit(i + 1));
    }
    return std::to_string(replayed.commits.size());
  }
};

// Offsets worth changing: all that is in use, the rest of each page now and then.
std::vector<uint64_t> offsets_to_change() {
  std::vector<uint64_t> offsets;
  for (uint64_t page = 0; page < kSmallSegmentBytes; page += kLogPageBytes) {
    for (uint64_t at = 0; at < 180; ++at) offsets.push_back(page + at);
    for (uint64_t at = 180; at < kLogPageBytes; at += 487) offsets.push_back(page + at);
  }
  return offsets;
}

}  // namespace

TEST_SUITE_BEGIN("log damage");

TEST_CASE_FIXTURE(Fixture, "any byte changed in a closed log is found, or changes nothing") {
  write_log(true);
  size_t found = 0;
  for (const std::string& path : disk.paths()) {
    for (const uint64_t offset : offsets_to_change()) {
      disk.corrupt(path, offset, 0x20);
      const std::string outcome_now = outcome();
      found += outcome_now == "corrupt";
      CHECK_MESSAGE((outcome_now == "corrupt" || outcome_now == "12"), path, " at ", offset, ": ",
                    outcome_now);
      disk.corrupt(path, offset, 0x20);
    }
  }
  CHECK(found > 1000);
}

TEST_CASE_FIXTURE(Fixture, "any page zeroed in a closed log is found, or changes nothing") {
  write_log(true);
  for (const std::string& path : disk.paths()) {
    const std::string before = disk.contents(path);
    for (uint64_t page = 0; page < kSmallSegmentBytes; page += kLogPageBytes) {
      std::string zeroed = before;
      zeroed.replace(page, kLogPageBytes, kLogPageBytes, '\0');
      disk.replace(path, zeroed);
      const std::string outcome_now = outcome();
      CHECK_MESSAGE((outcome_now == "corrupt" || outcome_now == "12"), path, " at ", page, ": ",
                    outcome_now);
    }
    disk.replace(path, before);
  }
}

TEST_CASE_FIXTURE(Fixture, "a changed byte in an unclosed log costs at most the last frame") {
  write_log(false);
  const std::string last_commits = std::to_string(kCommits - 1);
  size_t cut = 0;
  for (const std::string& path : disk.paths()) {
    for (const uint64_t offset : offsets_to_change()) {
      disk.corrupt(path, offset, 0x20);
      const std::string outcome_now = outcome();
      cut += outcome_now == last_commits;
      CHECK((outcome_now == "corrupt" || outcome_now == "12" || outcome_now == last_commits));
      disk.corrupt(path, offset, 0x20);
    }
  }
  // The header and the payload of one frame.
  CHECK(cut > 48);
  CHECK(cut < 180);
}

TEST_CASE_FIXTURE(Fixture, "a file cut short is found") {
  write_log(true);
  for (const std::string& path : disk.paths()) {
    const std::string before = disk.contents(path);
    for (const uint64_t size : {uint64_t{0}, kLogPageBytes - 1, kLogPageBytes, 3 * kLogPageBytes,
                                kSmallSegmentBytes - 1}) {
      disk.truncate(path, size);
      const bool is_needed = before.find("DFRM") != std::string::npos;
      // A slot is named when it is whole: a stump was one that held something.
      const bool is_stump = size < kLogPageBytes;
      const std::string what = is_stump ? "too short for a segment" : "its end is missing";
      if (is_needed || is_stump) {
        const Replayed replayed = replay(disk, options);
        CHECK(replayed.status.code() == base::Code::kCorrupt);
        CHECK(replayed.status.message().find(what) != std::string::npos);
      }
      disk.replace(path, before);
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "frames that changed places are found") {
  write_log(true);
  disk.swap_ranges("/store/log-00", {kLogPageBytes, 2 * kLogPageBytes, kLogPageBytes});
  CHECK(outcome() == "corrupt");
}

TEST_CASE_FIXTURE(Fixture, "a missing file is found") {
  write_log(true);
  REQUIRE(disk.remove("/store/log-00").is_ok());
  CHECK(outcome() == "corrupt");
}

TEST_CASE_FIXTURE(Fixture, "a missing file is found even if what is left makes sense") {
  {
    LogRig rig(disk, options);
    while (rig.log().segment() < SegmentNumber{2}) {
      rig.commit();
      rig.settle();
    }
    rig.log().recycle(SegmentNumber{2});
    while (rig.log().segment() < SegmentNumber{3}) {
      rig.commit();
      rig.settle();
    }
  }
  REQUIRE(disk.paths().size() == 2);
  REQUIRE(replay(disk, options, 2, 6).status.is_ok());
  REQUIRE(disk.remove("/store/log-00").is_ok());
  const Replayed replayed = replay(disk, options, 2, 6);
  CHECK(replayed.status.message() == "/store/log-00: the file is missing");
}

TEST_CASE_FIXTURE(Fixture, "another store's segment is refused by name") {
  write_log(true);
  LogOptions other = options;
  other.store = StoreId{base::Id128{5, 5}};
  const Replayed replayed = replay(disk, other);
  CHECK(replayed.status.code() == base::Code::kCorrupt);
  CHECK(replayed.status.message().find("/store/log-00: belongs to another store") == 0);
}

TEST_CASE_FIXTURE(Fixture, "damage is told with the file, the offset and the last good commit") {
  write_log(true);
  disk.corrupt("/store/log-00", 3 * kLogPageBytes + 60, 1);
  const std::string message = replay(disk, options).status.message();
  CHECK(message.find("/store/log-00 at offset 12288") == 0);
  CHECK(message.find("the last good commit is 2") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a segment below the floor may be damaged, and is free") {
  write_log(true);
  const Replayed before = replay(disk, options, 2, 6);
  REQUIRE(before.status.to_string() == "ok");
  disk.corrupt("/store/log-00", 20, 1);
  disk.corrupt("/store/log-00", kLogPageBytes + 20, 1);
  const Replayed after = replay(disk, options, 2, 6);
  REQUIRE(after.status.to_string() == "ok");
  CHECK(after.commits == before.commits);
  CHECK(after.tail.segments[0].number == SegmentNumber{});
  CHECK(after.tail.next_segment == before.tail.next_segment);
}

TEST_CASE_FIXTURE(Fixture, "a log that starts behind what the tables hold is refused") {
  write_log(true);
  CHECK(replay(disk, options, 2, 5).status.code() == base::Code::kCorrupt);
}

TEST_CASE_FIXTURE(Fixture, "a frame that was cut stays cut, even if it can be read again") {
  write_log(false);
  const uint64_t last_frame = kLogPageBytes * 6;
  disk.corrupt("/store/log-01", last_frame + 60, 1);
  Replayed replayed = replay(disk, options);
  REQUIRE(replayed.commits.size() == kCommits - 1);
  {
    LogRig rig(disk, options, replayed.tail);
    for (int i = 0; i < 3; ++i) rig.commit(7);
    rig.settle();
  }
  disk.corrupt("/store/log-01", last_frame + 60, 1);
  replayed = replay(disk, options);
  REQUIRE(replayed.status.to_string() == "ok");
  REQUIRE(replayed.commits.size() == kCommits + 2);
  CHECK(replayed.commits[kCommits - 1] == text_of_commit(kCommits, 7));
}

TEST_CASE_FIXTURE(Fixture, "a bit that flips on its way from the disk costs nothing silently") {
  // The only frame fills a third of the segment, so that the flips meet it.
  {
    LogRig rig(disk, options);
    rig.commit(12'000);
    rig.settle();
  }
  for (int round = 0; round < 200; ++round) {
    disk.add_fault({.operations = {io::test::Operation::kRead},
                    .nth = 1 + static_cast<uint64_t>(round) % 2,
                    .effect = io::test::Effect::kMisread});
    const Replayed replayed = replay(disk, options);
    const bool is_refused = replayed.status.code() == base::Code::kCorrupt;
    CHECK((is_refused || replayed.commits.size() == 1));
    disk.clear_faults();
  }
}

TEST_CASE_FIXTURE(Fixture, "unsynced frames behind a hole are cut and never come back") {
  {
    LogRig rig(disk, options);
    rig.commit();
    rig.settle();
    for (int i = 0; i < 3; ++i) {
      rig.append();
      rig.log().write_out(false);
      rig.settle();
    }
  }
  // Commit 2 is lost; 3 and 4 are intact, and nobody was told that they were on disk.
  disk.corrupt("/store/log-00", 2 * kLogPageBytes + 60, 1);
  Replayed replayed = replay(disk, options);
  REQUIRE(replayed.status.to_string() == "ok");
  CHECK(replayed.commits.size() == 1);

  // The next life uses their numbers again.
  {
    LogRig rig(disk, options, replayed.tail);
    for (int i = 0; i < 2; ++i) rig.commit(7);
    rig.settle();
  }
  replayed = replay(disk, options);
  REQUIRE(replayed.status.to_string() == "ok");
  REQUIRE(replayed.commits.size() == 3);
  CHECK(replayed.commits[1] == text_of_commit(2, 7));
  CHECK(replayed.commits[2] == text_of_commit(3, 7));
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
