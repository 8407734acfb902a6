// What the owner of a log sees: group commit, segments, room, closing.
#include "storage/lsm/wal/log.h"

#include <doctest/doctest.h>

#include "storage/io/posix_file_system.h"
#include "storage/io/scratch.h"
#include "storage/lsm/wal/log_rig.h"

namespace distkv::storage::lsm::test {
namespace {

struct Fixture {
  io::test::Scratch scratch;
  io::PosixFileSystem files;
  LogOptions options = small_options(scratch.path());
};

// Exactly the commits from `first` to `last`.
void check_holds(const Replayed& replayed, uint64_t first, uint64_t last) {
  REQUIRE(replayed.status.to_string() == "ok");
  REQUIRE(replayed.sequences.size() == last - first + 1);
  for (uint64_t number = first; number <= last; ++number) {
    CHECK(replayed.sequences[number - first] == Sequence{number});
    CHECK(replayed.commits[number - first] == text_of_commit(number));
  }
  CHECK(replayed.tail.last == Sequence{last});
  CHECK(replayed.tail.commits == last - first + 1);
}

}  // namespace

TEST_SUITE_BEGIN("log");

TEST_CASE_FIXTURE(Fixture, "an empty directory is an empty log") {
  const Replayed replayed = replay(files, options);

  CHECK(replayed.status.is_ok());
  CHECK(replayed.commits.empty());
  CHECK(replayed.tail.last == Sequence{});
  CHECK(replayed.tail.segments.empty());
  CHECK_FALSE(replayed.tail.was_closed);
}

TEST_CASE_FIXTURE(Fixture, "what was written is replayed in order, across segments") {
  LogRig rig(files, options);
  for (int i = 0; i < 50; ++i) {
    rig.commit();
    rig.settle();
  }
  CHECK(rig.told_synced == Sequence{50});
  CHECK(rig.close().is_ok());

  const Replayed replayed = replay(files, options);
  check_holds(replayed, 1, 50);
  CHECK(replayed.tail.was_closed);
  CHECK(replayed.tail.segments.size() > 5);
}

TEST_CASE_FIXTURE(Fixture, "commits gather while a frame is in flight and share the next sync") {
  LogRig rig(files, options);
  rig.commit();
  for (int i = 0; i < 9; ++i) rig.commit();
  CHECK(rig.log_thread.size() == 1);
  const uint64_t syncs_before = rig.log().syncs();
  rig.settle();

  CHECK(rig.told_synced == Sequence{10});
  CHECK(rig.log().frames() == 2);
  // Two frames, and the header of the segment.
  CHECK(rig.log().syncs() - syncs_before == 3);
  CHECK(rig.log().is_idle());
  CHECK(rig.log().bytes_waiting() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a commit is not written before it is asked for") {
  LogRig rig(files, options);
  rig.append();
  rig.settle();
  CHECK(rig.log().frames() == 0);
  CHECK_FALSE(rig.log().is_idle());
  CHECK(rig.log().bytes_waiting() > 40);

  rig.log().write_out(false);
  rig.settle();
  CHECK(rig.told_written == Sequence{1});
  CHECK(rig.told_synced == Sequence{});

  rig.log().write_out(true);
  rig.settle();
  CHECK(rig.told_synced == Sequence{1});
  const size_t tellings = rig.tellings;
  rig.log().write_out(true);
  rig.settle();
  CHECK(rig.tellings == tellings);
}

TEST_CASE_FIXTURE(Fixture, "a new life continues behind the old one, in a segment of its own") {
  uint64_t last = 0;
  for (int life = 0; life < 5; ++life) {
    const Replayed replayed = replay(files, options);
    if (life == 0) {
      REQUIRE(replayed.status.is_ok());
    } else {
      check_holds(replayed, 1, last);
    }
    LogRig rig(files, options, replayed.tail);
    for (int i = 0; i < 3; ++i) {
      rig.commit();
      rig.settle();
    }
    last += 3;
    if (life % 2 == 0) REQUIRE(rig.close().is_ok());
  }
  check_holds(replay(files, options), 1, last);
}

TEST_CASE_FIXTURE(Fixture, "more than a frame may hold goes out in several frames") {
  LogRig rig(files, options);
  for (int i = 0; i < 40; ++i) rig.append(1000);
  rig.log().write_out(true);
  rig.settle();
  CHECK(rig.told_synced == Sequence{40});
  CHECK(rig.log().frames() == 3);
  const Replayed replayed = replay(files, options);
  REQUIRE(replayed.commits.size() == 40);
  CHECK(replayed.commits[39] == text_of_commit(40, 1000));
}

TEST_CASE_FIXTURE(Fixture,
                  "a large frame is packed if its commits are small, and left as it is if not") {
  options.pack_bytes_min = 8000;
  const auto bytes_of_frame = [this](int commits, size_t value_bytes) {
    LogRig rig(files, options);
    const uint64_t before = rig.log().bytes_written();
    for (int i = 0; i < commits; ++i) rig.append(value_bytes);
    rig.log().write_out(true);
    rig.settle();
    REQUIRE(rig.log().frames() == 1);
    return rig.log().bytes_written() - before;
  };

  CHECK(bytes_of_frame(40, 300) < 10'000);
  CHECK(bytes_of_frame(10, 1000) > 10'000);
}

TEST_CASE_FIXTURE(Fixture, "recycled segments are used again and nothing of theirs comes back") {
  LogRig rig(files, options);
  uint64_t floor = 1;
  for (int i = 0; i < 200; ++i) {
    rig.commit();
    rig.settle();
    floor = rig.log().segment().value() - 1;
    if (floor > 1) rig.log().recycle(SegmentNumber{floor});
  }
  const Replayed all = replay(files, options, floor, 195);
  CHECK(all.status.to_string() == "ok");
  CHECK(all.commits.size() == 5);
  CHECK(all.tail.segments.size() <= 4);
  CHECK(all.tail.last == Sequence{200});
  CHECK(rig.log().bytes_held() <= 2 * kSmallSegmentBytes);
}

TEST_CASE_FIXTURE(Fixture, "the segment that is written to is never recycled") {
  LogRig rig(files, options);
  rig.commit();
  rig.settle();
  const SegmentNumber current = rig.log().segment();
  rig.log().recycle(SegmentNumber{current.value() + 5});
  for (int i = 0; i < 20; ++i) {
    rig.commit();
    rig.settle();
  }
  check_holds(replay(files, options), 1, 21);
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
