#include "storage/lsm/space_watch.h"

#include <doctest/doctest.h>

#include "storage/io/sim_file_system.h"

namespace distkv::storage::lsm {
namespace {

constexpr uint64_t kBallast = 64 << 10;

struct Watched {
  Watched() { REQUIRE(disk.make_directory("/store").is_ok()); }
  void look() { watch.note(watch.look()); }
  // Bytes beside all that is on the disk.
  void leave_free(uint64_t bytes) { disk.set_capacity(disk.used_bytes() + bytes); }

  io::test::SimFileSystem disk{1};
  SpaceWatch watch{disk, "/store", kBallast};
};

TEST_SUITE_BEGIN("lsm");

TEST_CASE("nothing is taken before the disk was looked at") {
  Watched watched;
  CHECK(watched.watch.is_full());
}

TEST_CASE("a disk with room gets a ballast and takes puts") {
  Watched watched;
  watched.leave_free(100 * kBallast);

  watched.look();

  CHECK(*watched.disk.exists("/store/ballast"));
  CHECK(watched.disk.used_bytes() >= kBallast);
  CHECK_FALSE(watched.watch.is_full());
  CHECK(watched.watch.refusal().is_ok());
  CHECK(watched.watch.pressure() == 0);
}

TEST_CASE("pressure grows from four ballasts free to one, where puts are refused") {
  Watched watched;
  watched.leave_free(100 * kBallast);
  watched.look();

  double before = -1;
  for (const uint64_t quarters : {16, 12, 8, 5}) {
    watched.leave_free(quarters * kBallast / 4);
    watched.look();
    CHECK(watched.watch.pressure() > before);
    CHECK_FALSE(watched.watch.is_full());
    before = watched.watch.pressure();
  }
  watched.leave_free(kBallast - 4096);
  watched.look();
  CHECK(watched.watch.is_full());
  CHECK(watched.watch.pressure() == 1);
}

TEST_CASE("a refusal says how much is free, how much is needed and what to do") {
  Watched watched;
  watched.leave_free(100 * kBallast);
  watched.look();
  watched.leave_free(4096);
  watched.look();

  const base::Status refusal = watched.watch.refusal();

  CHECK(refusal.code() == base::Code::kNoSpace);
  CHECK(refusal.message() ==
        "the disk of /store is full: 4096 bytes are free, 65536 are needed; free space on it or "
        "delete keys, then writes resume by themselves");
}

TEST_CASE("a ballast given up is made again only when twice its size is free") {
  Watched watched;
  watched.leave_free(100 * kBallast);
  watched.look();
  watched.leave_free(0);

  watched.watch.note(watched.watch.give_up());
  CHECK_FALSE(watched.watch.has_ballast());
  CHECK(watched.watch.is_full());

  watched.leave_free(2 * kBallast - 4096);
  watched.look();
  CHECK(watched.watch.is_full());
  CHECK_FALSE(*watched.disk.exists("/store/ballast"));

  watched.leave_free(3 * kBallast);
  watched.look();
  CHECK(watched.watch.has_ballast());
  CHECK_FALSE(watched.watch.is_full());
}

TEST_CASE("a ballast that cannot be made leaves nothing behind") {
  Watched watched;
  watched.leave_free(100 * kBallast);
  watched.disk.add_fault({.operations = {io::test::Operation::kReserve},
                          .path_part = "ballast",
                          .effect = io::test::Effect::kNoSpace});

  watched.look();

  CHECK(watched.watch.is_full());
  CHECK_FALSE(*watched.disk.exists("/store/ballast"));
  watched.look();
  CHECK_FALSE(watched.watch.is_full());
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
