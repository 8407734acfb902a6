// Power loss at every operation of a life, and again within the lives that follow: what was told to
// be on disk is replayed, what is replayed is a prefix of what was appended, twice the same.
#include <doctest/doctest.h>

#include "base/rng.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/wal/log_rig.h"

namespace distkv::storage::lsm::test {
namespace {

constexpr int kSteps = 40;           // Of a life.
constexpr uint64_t kLivesAfter = 3;  // Each also cut somewhere.
constexpr uint64_t kLifeOperations = 200;

// A store as its engine would keep it: what is appended, what is known to be safe, and what a
// manifest (here: this object) says of floor and flushed commits.
class Store {
 public:
  Store(io::test::SimFileSystem& disk, uint64_t seed)
      : disk_(disk), options_(small_options("/store")), rng_(seed) {}

  void live() {
    ++life_;
    const Replayed replayed = replay(disk_, options_, floor_, flushed_);
    if (!replayed.status.is_ok()) return;
    safe_ = std::max(safe_, replayed.tail.last.value());
    history_.resize(replayed.tail.last.value());
    LogRig rig(disk_, options_, replayed.tail);
    if (!rig.opened().is_ok()) return;
    uint64_t marked_floor = rig.log().segment().value();
    uint64_t marked_flushed = rig.appended.value();
    for (int step = 0; step < kSteps && rig.failure.is_ok(); ++step) {
      act(rig);
      safe_ = std::max(safe_, rig.told_synced.value());
      if (disk_.is_down()) return;
      if (rng_.below(12) != 0) continue;
      // A memtable that began at the mark reaches the tables.
      floor_ = marked_floor;
      flushed_ = marked_flushed;
      rig.log().recycle(SegmentNumber{floor_});
      marked_floor = rig.log().segment().value();
      marked_flushed = rig.appended.value();
    }
    if (!rig.failure.is_ok() || rng_.below(2) == 0) return;
    if (rig.close().is_ok()) safe_ = std::max(safe_, rig.appended.value());
  }

  void crash() { disk_.crash(rng_); }

  void check() {
    const Replayed first = replay(disk_, options_, floor_, flushed_);
    REQUIRE(first.status.to_string() == "ok");
    REQUIRE(first.tail.last.value() >= std::max(safe_, flushed_));
    REQUIRE(first.tail.last.value() <= history_.size());
    REQUIRE(first.commits.size() == first.tail.last.value() - flushed_);
    for (size_t i = 0; i < first.commits.size(); ++i) {
      REQUIRE(first.sequences[i].value() == flushed_ + 1 + i);
      REQUIRE(first.commits[i] == history_[flushed_ + i]);
    }
    const Replayed second = replay(disk_, options_, floor_, flushed_);
    REQUIRE(second.commits == first.commits);
    REQUIRE(second.tail.next_segment == first.tail.next_segment);
  }

 private:
  void act(LogRig& rig) {
    const uint64_t choice = rng_.below(10);
    if (choice < 5) {
      // The size tells the lives apart: sequences are used again after a loss.
      const size_t value_bytes = 10 + life_ + (rng_.below(8) == 0 ? 5000 : 0);
      rig.append(value_bytes);
      history_.push_back(text_of_commit(rig.appended.value(), value_bytes));
    } else if (choice < 7) {
      rig.log().write_out(choice == 5);
    } else if (rig.log_thread.size() > 0 && choice < 9) {
      rig.log_thread.step();
    } else if (rig.background.size() > 0) {
      rig.background.step();
    }
  }

  io::test::SimFileSystem& disk_;
  const LogOptions options_;
  base::Rng rng_;
  size_t life_ = 0;
  uint64_t floor_ = 1;
  uint64_t flushed_ = 0;
  uint64_t safe_ = 0;
  std::vector<std::string> history_;  // Commit n at n - 1.
};

}  // namespace

TEST_SUITE_BEGIN("log crashes");

TEST_CASE("no power loss loses what was told to be on disk, or brings back anything else") {
  for (uint64_t operation = 1; operation <= kLifeOperations; ++operation) {
    for (uint64_t seed = 1; seed <= 6; ++seed) {
      INFO("power loss at operation ", operation, ", seed ", seed);
      io::test::SimFileSystem disk(seed);
      REQUIRE(disk.make_directory("/store").is_ok());
      REQUIRE(disk.sync_directory("/").is_ok());
      Store store(disk, operation * 1000 + seed);
      base::Rng rng(operation * 1000 + seed);
      disk.stop_at(disk.operations() + operation);
      store.live();
      store.crash();
      store.check();
      for (uint64_t life = 0; life < kLivesAfter; ++life) {
        disk.stop_at(disk.operations() + 1 + rng.below(kLifeOperations / 2));
        store.live();
        store.crash();
        store.check();
      }
    }
  }
}

TEST_CASE("a killed process loses nothing that was written, and a power loss later neither") {
  io::test::SimFileSystem disk(1);
  const LogOptions options = small_options("/store");
  REQUIRE(disk.make_directory("/store").is_ok());
  REQUIRE(disk.sync_directory("/").is_ok());
  {
    LogRig rig(disk, options);
    for (int i = 0; i < 20; ++i) {
      rig.append();
      rig.log().write_out(false);
      rig.settle();
    }
    CHECK(rig.told_synced == Sequence{});
  }
  // No crash of the machine: the system still holds it all.
  CHECK(replay(disk, options).commits.size() == 20);

  io::test::CrashOdds odds = {.kept = 0, .dropped = 1, .torn = 0, .garbage = 0};
  disk.set_crash_odds(odds);
  base::Rng rng(1);
  disk.crash(rng);
  CHECK(replay(disk, options).commits.size() == 20);
}

TEST_CASE("a disk that lies about its syncs gives back a beginning, or damage is reported") {
  size_t damaged = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    io::test::SimFileSystem disk(seed);
    const LogOptions options = small_options("/store");
    REQUIRE(disk.make_directory("/store").is_ok());
    REQUIRE(disk.sync_directory("/").is_ok());
    LogRig rig(disk, options);
    disk.add_fault({.operations = {io::test::Operation::kSync},
                    .nth = 1 + seed % 10,
                    .is_sticky = true,
                    .effect = io::test::Effect::kLie});
    for (int i = 0; i < 10; ++i) {
      rig.commit();
      rig.settle();
    }
    base::Rng rng(seed);
    disk.crash(rng);
    disk.clear_faults();

    const Replayed replayed = replay(disk, options);
    damaged += replayed.status.code() == base::Code::kCorrupt;
    for (size_t i = 0; i < replayed.commits.size(); ++i) {
      CHECK(replayed.commits[i] == text_of_commit(i + 1));
    }
  }
  CHECK(damaged > 10);
}

TEST_SUITE_END();

}  // namespace distkv::storage::lsm::test
