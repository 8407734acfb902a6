// Disks that fail: a failed frame stops the log for good, a segment that cannot be made does not.
#include <doctest/doctest.h>

#include "storage/io/sim_file_system.h"
#include "storage/lsm/wal/log_rig.h"

namespace distkv::storage::lsm::test {
namespace {

using io::test::Effect;
using io::test::Operation;

struct Fixture {
  io::test::SimFileSystem disk{1};
  LogOptions options = small_options("/store");

  Fixture() { REQUIRE(disk.make_directory("/store").is_ok()); }

  // Commits until the log cannot place one.
  void fill(LogRig& rig) {
    for (int i = 0; i < 100 && rig.log().room().is_ok(); ++i) {
      rig.commit();
      rig.settle();
    }
    REQUIRE_FALSE(rig.log().room().is_ok());
  }
};

}  // namespace

TEST_SUITE_BEGIN("log faults");

TEST_CASE_FIXTURE(Fixture, "after a failed sync everyone is told it, and nothing is written") {
  LogRig rig(disk, options);
  rig.commit();
  rig.settle();
  disk.add_fault({.operations = {Operation::kSync}, .effect = Effect::kIo});
  rig.commit();
  rig.append();
  rig.settle();
  CHECK(rig.failure.code() == base::Code::kIo);
  CHECK(rig.told_synced == Sequence{1});
  CHECK(rig.log().is_idle());

  const uint64_t operations = disk.operations();
  rig.failure = {};
  rig.log().write_out(true);
  rig.settle();
  CHECK(rig.failure.code() == base::Code::kIo);
  CHECK(rig.close().code() == base::Code::kIo);
  CHECK(disk.operations() == operations);
}

TEST_CASE_FIXTURE(Fixture, "a failed or refused write stops the log") {
  for (const Effect effect : {Effect::kIo, Effect::kNoSpace}) {
    io::test::SimFileSystem own_disk(2);
    REQUIRE(own_disk.make_directory("/store").is_ok());
    LogRig rig(own_disk, options);
    rig.commit();
    rig.settle();
    own_disk.add_fault({.operations = {Operation::kWrite}, .path_part = "/log-", .effect = effect});
    rig.commit();
    rig.settle();
    CHECK_FALSE(rig.failure.is_ok());
    CHECK(rig.told_written == Sequence{1});
    own_disk.clear_faults();
    CHECK(replay(own_disk, options).commits.size() == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "short and interrupted writes and reads change nothing") {
  for (const Effect effect : {Effect::kShort, Effect::kInterrupted}) {
    for (uint64_t nth = 1; nth < 40; ++nth) {
      disk.add_fault(
          {.operations = {Operation::kWrite, Operation::kRead}, .nth = 3 * nth, .effect = effect});
    }
  }
  LogRig rig(disk, options);
  for (int i = 0; i < 20; ++i) {
    rig.commit();
    rig.settle();
  }
  CHECK(rig.told_synced == Sequence{20});
  CHECK(replay(disk, options).commits.size() == 20);
}

TEST_CASE_FIXTURE(Fixture, "on a full disk commits wait, room() says why, and both heal") {
  LogRig rig(disk, options);
  disk.set_capacity(disk.used_bytes() + kSmallSegmentBytes / 2);
  fill(rig);
  CHECK(rig.log().room().code() == base::Code::kNoSpace);
  CHECK_FALSE(*disk.exists("/store/new-log"));
  // The page kept for closing is left; this one must wait.
  while (rig.told_synced == rig.appended) {
    rig.commit();
    rig.settle();
  }
  CHECK(rig.failure.is_ok());
  CHECK(rig.log().bytes_waiting() > 0);

  disk.set_capacity(1 << 30);
  for (int i = 0; i < 16; ++i) {
    rig.log().write_out(true);
    rig.settle();
  }
  CHECK(rig.log().room().is_ok());
  CHECK(rig.told_synced == rig.appended);
  CHECK(rig.close().is_ok());
  CHECK(replay(disk, options).commits.size() == rig.appended.value());
}

TEST_CASE_FIXTURE(Fixture, "a full disk is asked again only once in 16 write-outs") {
  LogRig rig(disk, options);
  disk.set_capacity(disk.used_bytes());
  fill(rig);
  const uint64_t operations = disk.operations();
  size_t attempts = 0;
  for (int i = 0; i < 64; ++i) {
    rig.log().write_out(true);
    attempts += rig.background.size();
    rig.settle();
  }
  CHECK(attempts == 4);
  CHECK(disk.operations() > operations);
}

TEST_CASE_FIXTURE(Fixture, "recycling heals a log that has all the slots it may have") {
  options.slots_max = 3;
  LogRig rig(disk, options);
  fill(rig);
  CHECK(rig.log().room().code() == base::Code::kNoSpace);
  for (int i = 0; i < 10; ++i) rig.commit(3000);
  rig.settle();
  CHECK(rig.told_synced < rig.appended);

  rig.log().recycle(SegmentNumber{3});
  rig.settle();
  CHECK(rig.log().room().is_ok());
  CHECK(rig.told_synced == rig.appended);
  CHECK(disk.paths().size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "a failing disk keeps a slot from being made without stopping the log") {
  LogRig rig(disk, options);
  disk.add_fault({.operations = {Operation::kCreate}, .effect = Effect::kIo});
  fill(rig);
  CHECK(rig.log().room().code() == base::Code::kIo);
  CHECK(rig.failure.is_ok());
  rig.log().recycle(SegmentNumber{0});
  rig.settle();
  CHECK(rig.log().room().is_ok());
}

TEST_CASE_FIXTURE(Fixture, "a log opens on a full disk and says that it has no room") {
  disk.set_capacity(0);
  LogRig rig(disk, options);
  REQUIRE(rig.opened().is_ok());
  CHECK(rig.log().room().code() == base::Code::kNoSpace);
  CHECK(rig.close().is_ok());
}

TEST_CASE_FIXTURE(Fixture, "closing without the room for what waits says so") {
  LogRig rig(disk, options);
  disk.set_capacity(disk.used_bytes());
  fill(rig);
  for (int i = 0; i < 10; ++i) rig.commit(3000);
  rig.settle();
  CHECK(rig.close().code() == base::Code::kNoSpace);
  CHECK(rig.failure.is_ok());
}

TEST_CASE_FIXTURE(Fixture, "what an interrupted making left is removed at the next open") {
  disk.replace("/store/new-log", "half");
  LogRig rig(disk, options);
  REQUIRE(rig.opened().is_ok());
  CHECK(disk.paths() == std::vector<std::string>{"/store/log-00"});
}

TEST_CASE_FIXTURE(Fixture, "with another segment size old segments are read and made anew") {
  {
    LogRig rig(disk, options);
    for (int i = 0; i < 20; ++i) rig.commit();
    rig.settle();
    REQUIRE(rig.close().is_ok());
  }
  options.segment_bytes = 2 * kSmallSegmentBytes;
  const Replayed replayed = replay(disk, options);
  REQUIRE(replayed.commits.size() == 20);
  LogRig rig(disk, options, replayed.tail);
  rig.commit();
  rig.settle();
  rig.log().recycle(rig.log().segment());
  for (int i = 0; i < 40; ++i) {
    rig.commit();
    rig.settle();
  }
  CHECK(disk.contents("/store/log-00").size() == 2 * kSmallSegmentBytes);
  const Replayed later = replay(disk, options, 2, 20);
  CHECK(later.status.to_string() == "ok");
  CHECK(later.commits.size() == 41);
}

TEST_CASE_FIXTURE(Fixture, "the log may go while work of it is still out") {
  LogRig rig(disk, options);
  rig.commit();
  rig.drop();
  rig.settle();
  CHECK(rig.tellings == 0);
}

TEST_CASE_FIXTURE(Fixture, "commits and write-outs from within the news go into the next frame") {
  LogRig rig(disk, options);
  rig.on_written = [&] {
    if (rig.appended < Sequence{5}) rig.commit();
  };
  rig.commit();
  rig.settle();
  CHECK(rig.told_synced == Sequence{5});
  CHECK(rig.log().frames() == 5);
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
