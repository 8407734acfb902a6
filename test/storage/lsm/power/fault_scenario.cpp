#include "storage/lsm/power/fault_scenario.h"

#include <array>

#include "storage/lsm/power/life.h"
#include "storage/lsm/power/scenario.h"

namespace distkv::storage::lsm::test {

using base::Code;
using base::Status;
using io::test::Effect;
using io::test::Operation;

namespace {

constexpr size_t kOperations = 70;
constexpr size_t kLaterOperations = 25;
// What a disk that fills up has left, in steps of this; the last step is room for everything.
constexpr uint64_t kSpaceUnit = 64 << 10;
constexpr uint64_t kSpaceUnitsMax = 48;

constexpr std::array kKinds = {
    FaultKind{"write_io", Operation::kWrite, Effect::kIo},
    FaultKind{"write_io_always", Operation::kWrite, Effect::kIo, true},
    FaultKind{"write_no_space", Operation::kWrite, Effect::kNoSpace},
    FaultKind{"write_no_space_always", Operation::kWrite, Effect::kNoSpace, true},
    FaultKind{"write_short", Operation::kWrite, Effect::kShort},
    FaultKind{"write_short_always", Operation::kWrite, Effect::kShort, true},
    FaultKind{"write_interrupted", Operation::kWrite, Effect::kInterrupted},
    FaultKind{"write_interrupted_always", Operation::kWrite, Effect::kInterrupted, true},
    FaultKind{"sync_io", Operation::kSync, Effect::kIo},
    FaultKind{"sync_io_always", Operation::kSync, Effect::kIo, true},
    FaultKind{"sync_no_space", Operation::kSync, Effect::kNoSpace},
    FaultKind{"sync_lie", Operation::kSync, Effect::kLie},
    FaultKind{"sync_lie_always", Operation::kSync, Effect::kLie, true},
    FaultKind{"create_io", Operation::kCreate, Effect::kIo},
    FaultKind{"create_io_always", Operation::kCreate, Effect::kIo, true},
    FaultKind{"create_no_space", Operation::kCreate, Effect::kNoSpace},
    FaultKind{"create_no_space_always", Operation::kCreate, Effect::kNoSpace, true},
    FaultKind{"rename_io", Operation::kRename, Effect::kIo},
    FaultKind{"rename_io_always", Operation::kRename, Effect::kIo, true},
    FaultKind{"rename_no_space", Operation::kRename, Effect::kNoSpace},
    FaultKind{"link_io", Operation::kLink, Effect::kIo},
    FaultKind{"link_no_space_always", Operation::kLink, Effect::kNoSpace, true},
    FaultKind{"remove_io", Operation::kRemove, Effect::kIo},
    FaultKind{"remove_io_always", Operation::kRemove, Effect::kIo, true},
    FaultKind{"sync_directory_io", Operation::kSyncDirectory, Effect::kIo},
    FaultKind{"sync_directory_io_always", Operation::kSyncDirectory, Effect::kIo, true},
    FaultKind{"sync_directory_lie", Operation::kSyncDirectory, Effect::kLie},
    FaultKind{"sync_directory_lie_always", Operation::kSyncDirectory, Effect::kLie, true},
    FaultKind{"reserve_io", Operation::kReserve, Effect::kIo},
    FaultKind{"reserve_no_space", Operation::kReserve, Effect::kNoSpace},
    FaultKind{"reserve_no_space_always", Operation::kReserve, Effect::kNoSpace, true},
    FaultKind{"make_directory_io", Operation::kMakeDirectory, Effect::kIo},
    FaultKind{"make_directory_no_space", Operation::kMakeDirectory, Effect::kNoSpace},
    FaultKind{"read_io", Operation::kRead, Effect::kIo},
    FaultKind{"read_io_always", Operation::kRead, Effect::kIo, true},
    FaultKind{"read_short", Operation::kRead, Effect::kShort},
    FaultKind{"read_short_always", Operation::kRead, Effect::kShort, true},
    FaultKind{"read_interrupted", Operation::kRead, Effect::kInterrupted},
    FaultKind{"read_misread", Operation::kRead, Effect::kMisread},
    FaultKind{.name = "full", .is_full = true},
    FaultKind{"sync_io_with_power", Operation::kSync, Effect::kIo, false, false, true},
};

// A store may not even notice these.
bool is_harmless(const FaultKind& kind) {
  return kind.effect == Effect::kShort || (kind.effect == Effect::kInterrupted && !kind.is_sticky);
}

bool fails_syncs(const FaultKind& kind) {
  return kind.operation == Operation::kSync &&
         (kind.effect == Effect::kIo || kind.effect == Effect::kNoSpace);
}

// A table that could not be read is merged no more before the next start: in the end nothing is.
bool may_fall_behind(const FaultKind& kind) {
  return kind.operation == Operation::kRead && kind.effect == Effect::kIo && kind.is_sticky;
}

class FaultPlay {
 public:
  explicit FaultPlay(const FaultScenario& scenario)
      : scenario_(scenario),
        kind_(scenario.kind),
        rng_(scenario.seed * 1000003 + scenario.nth),
        world_(scenario.seed),
        disk_(world_.disk) {
    prepare(world_, scenario.seed);
    is_first_ = rng_.chance(0.5);
    is_cut_ = rng_.chance(0.5);
    if (fails_syncs(kind_)) is_cut_ = !kind_.has_power;
  }

  FaultOutcome run() {
    if (!is_first_) {
      live_soundly(kOperations, scenario_.seed);
      end(rng_.chance(0.5));
      recover("before the fault");
    }
    live_with_fault();
    end(is_cut_);
    if (!outcome_.has_struck) return outcome_;
    recover("after the fault");
    end(rng_.chance(0.5));
    recover("after the second recovery");
    live_soundly(kLaterOperations, rng_.next());
    end(rng_.chance(0.5));
    recover("after the later life");
    // What a restart has shown is on disk, even if the program died before it was.
    end(true);
    recover("after the last power cut");
    open_copies();
    return outcome_;
  }

 private:
  // Nothing more can be judged.
  bool is_over() const { return outcome_.complaint.has_value() || outcome_.is_reported; }
  void complain(const std::string& when, const std::string& what) {
    if (!is_over()) outcome_.complaint = when + ": " + what;
  }
  bool has_lied() const { return outcome_.has_struck && kind_.effect == Effect::kLie; }

  // The program dies; the machine too, or not.
  void end(bool is_power_cut) {
    if (!is_power_cut) return;
    disk_.crash(rng_);
    // What a lying disk had not written is gone, whatever was promised on its word.
    if (has_lied()) world_.history = world_.history.promising(0);
  }

  void live_soundly(size_t operations, uint64_t seed) {
    if (is_over()) return;
    Life life(world_, scenario_.seed, seed);
    if (!life.open()) return complain("opening to work", life.error().to_string());
    life.work(operations);
    if (!life.settle()) complain("working", "the store never comes to rest");
    if (const auto wrong = life.complaint()) complain("working", *wrong);
    if (rng_.chance(0.3)) (void)life.close();
  }

  void live_with_fault() {
    if (is_over()) return;
    Life life(world_, scenario_.seed, scenario_.seed + 1);
    if (!kind_.is_full) add_fault();
    const bool is_open = life.open();
    if (is_open && kind_.is_full) fill_up();
    if (is_open) life.work(kOperations);
    if (is_open && !life.settle()) complain("with the fault", "the store never comes to rest");
    outcome_.has_struck =
        kind_.is_full ? scenario_.nth <= kSpaceUnitsMax : disk_.faults_struck() > 0;
    if (is_open && rng_.chance(0.2)) {  // Closing has to end even now.
      if (life.close().code() == Code::kTimedOut) complain("with the fault", "closing never ends");
      repair();
    } else {
      repair();
      if (is_open) heal(life);
    }
    if (!is_open && is_harmless(kind_)) complain("opening", life.error().to_string());
    if (is_harmless(kind_) && !life.seen().is_ok()) complain("told", life.seen().to_string());
    if (const auto wrong = life.complaint()) complain("with the fault", *wrong);
  }

  void add_fault() {
    disk_.add_fault({.operations = {kind_.operation},
                     .nth = scenario_.nth,
                     .is_sticky = kind_.is_sticky,
                     .effect = kind_.effect});
  }
  void fill_up() { disk_.set_capacity(disk_.used_bytes() + (scenario_.nth - 1) * kSpaceUnit); }
  void repair() {
    disk_.clear_faults();
    disk_.set_capacity(uint64_t{1} << 40);
  }

  // The disk works again: what waits goes on, and unless the log is what failed, so do writes.
  void heal(Life& life) {
    life.wait();
    const Status put = life.put();
    if (put.message().find("has stopped") != std::string::npos) {
      outcome_.has_stopped = true;
      if (kind_.is_full) complain("a full disk", put.to_string());
      if (put.message().find("/log-") == std::string::npos) complain("stopped", put.to_string());
    } else if (put.code() == Code::kOverloaded && may_fall_behind(kind_)) {
      return;
    } else if (!put.is_ok()) {
      complain("not healed", put.to_string());
    } else if (rng_.chance(0.5)) {
      if (const Status closed = life.close(); !closed.is_ok()) {
        complain("closing healed", closed.to_string());
      }
    }
  }

  void recover(const std::string& when) {
    if (is_over()) return;
    Life life(world_, scenario_.seed, rng_.next());
    const Found found = life.open() ? life.read_all(world_.history) : Found{};
    const bool is_damaged = !life.error().is_ok();
    if (is_damaged && (!has_lied() || life.error().code() != Code::kCorrupt)) {
      return complain(when, life.error().to_string());
    }
    const bool is_closed_to_all = is_damaged && found.unreadable.empty() && found.entries.empty();
    const auto wrong = world_.history.complaint(found);
    if (wrong && !is_closed_to_all) return complain(when, *wrong);
    outcome_.is_reported = is_damaged;
    if (!is_damaged) world_.history.resume(found);
  }

  void open_copies() {
    for (const Copy& copy : world_.copies) {
      if (is_over() || has_lied()) return;
      if (const auto wrong = complaint_of(world_, scenario_.seed, copy)) complain("copy", *wrong);
    }
  }

  FaultScenario scenario_;
  FaultKind kind_;
  base::Rng rng_;
  World world_;
  io::test::SimFileSystem& disk_;
  bool is_first_ = false;  // The fault strikes a new store.
  bool is_cut_ = false;    // And after it the power goes.
  FaultOutcome outcome_;
};

}  // namespace

std::span<const FaultKind> fault_kinds() { return kKinds; }

FaultOutcome play_fault(const FaultScenario& scenario) { return FaultPlay(scenario).run(); }

}  // namespace distkv::storage::lsm::test
