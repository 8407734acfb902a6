// The power goes at every operation on the disk, in the first life and in the one that recovers:
// what was acknowledged is there, and what is there is one of the states that were written.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/rng.h"
#include "states.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm {
namespace {

using base::Id128;
using base::Rng;
using io::test::SimFileSystem;

constexpr StoreId kStore(Id128{7, 8});
const std::string kDirectory = "/store";

// How far a life came. `written` may be one edit ahead of `known`, which somebody was told.
struct History {
  std::optional<StoreState> known;
  StoreState written;
};

// Opens what is there, adds edits and perhaps closes; ends early when the power goes.
void live(SimFileSystem& disk, History& history, int edits, bool is_closed) {
  auto found = Manifest::read(disk, kDirectory);
  if (!found.is_ok()) return;
  const StoreState start = *found ? (*found)->state : sample_state();
  history.written = start;
  auto manifest = Manifest::start(disk, kDirectory, kStore, start);
  if (!manifest.is_ok()) return;
  history.known = start;
  for (int i = 0; i < edits; ++i) {
    const Edit edit = flush_of(history.written);
    REQUIRE(apply(edit, history.written).is_ok());
    if (!(*manifest)->add(edit).is_ok()) return;
    history.known = history.written;
  }
  if (is_closed) static_cast<void>((*manifest)->close());
}

// After a crash: only a known state or the one being written is found.
void check_found(SimFileSystem& disk, const History& history) {
  const auto found = Manifest::read(disk, kDirectory);
  REQUIRE_MESSAGE(found.is_ok(), found.status().message());
  if (!*found) {
    CHECK_FALSE(history.known);
    return;
  }
  CHECK((*found)->store == kStore);
  const bool is_one_of_them =
      (*found)->state == history.written || (history.known && (*found)->state == *history.known);
  CHECK(is_one_of_them);
}

// One life with three edits, one that crashes at operation `first`, one at `second` after that.
// False when the crash would have come after the end.
bool crash_twice(uint64_t seed, uint64_t first, uint64_t second) {
  CAPTURE(seed);
  CAPTURE(first);
  CAPTURE(second);
  Rng rng(seed);
  SimFileSystem disk(seed);
  REQUIRE(disk.make_directory(kDirectory).is_ok());
  REQUIRE(disk.sync_directory("/").is_ok());
  History history;
  disk.stop_at(disk.operations() + first);
  live(disk, history, 3, true);
  const bool is_down = disk.is_down();
  disk.crash(rng);
  check_found(disk, history);

  disk.stop_at(disk.operations() + second);
  live(disk, history, 1, false);
  disk.crash(rng);
  check_found(disk, history);

  live(disk, history, 1, true);
  check_found(disk, history);
  CHECK((*Manifest::read(disk, kDirectory))->has_end);
  return is_down;
}

TEST_SUITE_BEGIN("manifest crash");

TEST_CASE("a crash at any operation, and again while recovering, loses nothing acknowledged") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    for (uint64_t first = 1; crash_twice(seed, first, 1 + seed % 13); ++first) REQUIRE(first < 100);
    for (uint64_t second = 1; second < 20; ++second) crash_twice(seed, 100, second);
  }
}

TEST_CASE("after an orderly close and a crash the end is found whole") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    SimFileSystem disk(seed);
    REQUIRE(disk.make_directory(kDirectory).is_ok());
    REQUIRE(disk.sync_directory("/").is_ok());
    History history;
    live(disk, history, 2, true);
    disk.crash(rng);

    const auto found = Manifest::read(disk, kDirectory);

    REQUIRE(found.is_ok());
    CHECK((*found)->has_end);
    CHECK((*found)->state == history.written);
  }
}

TEST_CASE(
    "after a failed write or sync every later call gives that failure; a new start heals it") {
  for (const auto operation : {io::test::Operation::kWrite, io::test::Operation::kSync}) {
    SimFileSystem disk(1);
    REQUIRE(disk.make_directory(kDirectory).is_ok());
    auto state = sample_state();
    auto manifest = Manifest::start(disk, kDirectory, kStore, state);
    REQUIRE(manifest.is_ok());
    disk.add_fault({.operations = {operation}});
    const Edit edit = flush_of(state);

    const auto failure = (*manifest)->add(edit);
    REQUIRE(failure.code() == base::Code::kIo);
    CHECK((*manifest)->add(edit).message() == failure.message());
    CHECK((*manifest)->close().message() == failure.message());

    REQUIRE(apply(edit, state).is_ok());
    REQUIRE(Manifest::start(disk, kDirectory, kStore, state).is_ok());
    CHECK((*Manifest::read(disk, kDirectory))->state == state);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
