// Faults and power cuts of the simulated disk, each struck once and for good.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "storage/io/sim_rig.h"

namespace distkv::storage::io::test {

using base::Code;
using base::Status;

namespace {
struct Call {
  const char* name;
  Operation operation;
  std::function<Status(SimRig&, File&)> make;
};

// Every call that a fault or a power cut can meet, on a disk that holds "/a" and the file given.
std::vector<Call> calls() {
  return {
      {"write", Operation::kWrite,
       [](SimRig&, File& file) { return file.write_some(0, "new").status(); }},
      {"sync", Operation::kSync, [](SimRig&, File& file) { return file.sync(); }},
      {"reserve", Operation::kReserve, [](SimRig&, File& file) { return file.reserve(9000); }},
      {"create", Operation::kCreate,
       [](SimRig& rig, File&) { return rig.disk.open("/b", Access::kCreate).status(); }},
      {"lock", Operation::kCreate,
       [](SimRig& rig, File&) { return rig.disk.lock("/LOCK").status(); }},
      {"rename", Operation::kRename,
       [](SimRig& rig, File&) { return rig.disk.rename("/a", "/b"); }},
      {"link", Operation::kLink, [](SimRig& rig, File&) { return rig.disk.link("/a", "/b"); }},
      {"remove", Operation::kRemove, [](SimRig& rig, File&) { return rig.disk.remove("/a"); }},
      {"sync_directory", Operation::kSyncDirectory,
       [](SimRig& rig, File&) { return rig.disk.sync_directory("/"); }},
      {"make_directory", Operation::kMakeDirectory,
       [](SimRig& rig, File&) { return rig.disk.make_directory("/d"); }},
  };
}

std::string state_of(SimRig& rig) {
  std::string state;
  for (const std::string& path : rig.disk.paths()) state += path + rig.contents(path);
  return state + (*rig.disk.exists("/d") ? "/d" : "");
}

Fault on_writes(Effect effect, bool is_sticky = false) {
  return {.operations = {Operation::kWrite}, .is_sticky = is_sticky, .effect = effect};
}
Fault on_reads(Effect effect) { return {.operations = {Operation::kRead}, .effect = effect}; }
}  // namespace

TEST_SUITE_BEGIN("simulated faults");

TEST_CASE("each operation fails once at the n-th match, or at all from there") {
  for (const Call& call : calls()) {
    CAPTURE(call.name);
    for (const auto& [effect, code] :
         {std::pair{Effect::kIo, Code::kIo}, std::pair{Effect::kNoSpace, Code::kNoSpace}}) {
      SimRig rig;
      auto file = rig.put_durably("/a", "old");
      const std::string before = state_of(rig);

      rig.disk.add_fault({.operations = {call.operation}, .effect = effect});
      CHECK(call.make(rig, *file).code() == code);
      CHECK(state_of(rig) == before);
      CHECK(rig.disk.faults_struck() == 1);
      CHECK(call.make(rig, *file).is_ok());

      SimRig sticky;
      auto other = sticky.put_durably("/a", "old");
      sticky.disk.add_fault({.operations = {call.operation}, .is_sticky = true, .effect = effect});
      for (int i = 0; i < 3; ++i) CHECK(call.make(sticky, *other).code() == code);
      sticky.disk.clear_faults();
      CHECK(call.make(sticky, *other).is_ok());
    }
  }
}

TEST_CASE("a fault waits for its match and leaves other paths and operations alone") {
  SimRig rig;
  auto log = rig.put_durably("/log.1", "");
  auto table = rig.put_durably("/table.1", "");
  rig.disk.add_fault(
      {.operations = {Operation::kWrite, Operation::kSync}, .path_part = "log", .nth = 2});

  CHECK(write_fully(*table, 0, "x").is_ok());
  CHECK(table->sync().is_ok());
  CHECK(log->reserve(10).is_ok());
  CHECK(write_fully(*log, 0, "x").is_ok());
  CHECK(log->sync().code() == Code::kIo);
  CHECK(log->sync().is_ok());
}

TEST_CASE("a short write moves a part, a short read likewise") {
  SimRig rig;
  auto file = rig.put_durably("/a", "0123456789");
  std::array<char, 10> into{};
  rig.disk.add_fault(on_writes(Effect::kShort));
  rig.disk.add_fault(on_reads(Effect::kShort));

  const auto written = file->write_some(0, "abcdefgh");
  REQUIRE(written.is_ok());
  CHECK(Moved(*written).bytes > 0);
  CHECK(Moved(*written).bytes < 8);
  CHECK(rig.contents("/a")[Moved(*written).bytes - 1] >= 'a');
  CHECK(rig.contents("/a")[Moved(*written).bytes] <= '9');
  const auto read = file->read_some(0, into);
  CHECK(Moved(*read).bytes > 0);
  CHECK(Moved(*read).bytes < 10);
  rig.disk.add_fault(on_reads(Effect::kShort));
  CHECK_FALSE(*file->read_cached(0, into));
}

TEST_CASE("a signal interrupts before anything moved") {
  SimRig rig;
  auto file = rig.put_durably("/a", "old");
  std::array<char, 3> into{};
  rig.disk.add_fault(on_writes(Effect::kInterrupted));
  rig.disk.add_fault(on_reads(Effect::kInterrupted));

  CHECK((*file->write_some(0, "new")).is_interrupted);
  CHECK((*file->read_some(0, into)).is_interrupted);
  CHECK(rig.contents("/a") == "old");
  CHECK(write_fully(*file, 0, "new").is_ok());
  CHECK(read_fully(*file, 0, into).is_ok());
}

TEST_CASE("whole reads and writes come through short counts and signals for ever") {
  SimRig rig;
  auto file = rig.put_durably("/a", "");
  rig.disk.add_fault(on_writes(Effect::kShort, true));
  CHECK(write_fully(*file, 0, std::string(1000, 'x')).is_ok());
  CHECK(rig.contents("/a") == std::string(1000, 'x'));

  rig.disk.clear_faults();
  rig.disk.add_fault(on_writes(Effect::kInterrupted, true));
  CHECK(write_fully(*file, 0, "y").code() == Code::kIo);
}

TEST_CASE("a device that cannot read says so, in memory's name too") {
  SimRig rig;
  auto file = rig.put_durably("/a", "x");
  std::array<char, 1> into{};
  rig.disk.add_fault({.operations = {Operation::kRead}, .is_sticky = true, .effect = Effect::kIo});

  CHECK(file->read_some(0, into).code() == Code::kIo);
  CHECK(file->read_cached(0, into).code() == Code::kIo);
}

TEST_CASE("a misread is wrong by one bit this once, decay is wrong for good") {
  for (const Effect effect : {Effect::kMisread, Effect::kDecay}) {
    SimRig rig;
    auto file = rig.put_durably("/a", std::string(100, '\0'));
    std::string into(100, '\0');
    rig.disk.add_fault(on_reads(effect));

    REQUIRE(read_fully(*file, 0, into).is_ok());
    CHECK(std::count(into.begin(), into.end(), '\0') == 99);
    const std::string first = into;
    REQUIRE(read_fully(*file, 0, into).is_ok());
    CHECK((into == first) == (effect == Effect::kDecay));
    rig.crash(1);
    CHECK((rig.contents("/a") == first) == (effect == Effect::kDecay));
  }
}

TEST_CASE("a lying sync says ok and nothing is durable until an honest one") {
  SimRig rig;
  auto file = rig.put("/a", "new");
  rig.disk.add_fault(
      {.operations = {Operation::kSync, Operation::kSyncDirectory}, .effect = Effect::kLie});
  REQUIRE(file->sync().is_ok());
  CHECK(rig.disk.durable_contents("/a").empty());
  REQUIRE(file->sync().is_ok());
  CHECK(rig.disk.durable_contents("/a") == "new");

  rig.disk.clear_faults();
  rig.disk.add_fault({.operations = {Operation::kSyncDirectory}, .effect = Effect::kLie});
  REQUIRE(rig.disk.sync_directory("/").is_ok());
  std::set<std::string> found;
  for (uint64_t seed = 1; seed < 50; ++seed) {
    auto copy = rig.disk.copy();
    base::Rng rng(seed);
    copy->crash(rng);
    found.insert(*copy->exists("/a") ? "there" : "lost");
  }
  CHECK(found.size() == 2);
}

TEST_CASE("after a failed sync a later one succeeds and does not bring what the first lost") {
  SimRig rig;
  auto file = rig.put_durably("/a", std::string(2 * kSectorBytes, 'o'));
  REQUIRE(write_fully(*file, 0, "lost").is_ok());
  rig.disk.add_fault({.operations = {Operation::kSync}});
  REQUIRE_FALSE(file->sync().is_ok());

  REQUIRE(write_fully(*file, kSectorBytes, "kept").is_ok());
  REQUIRE(file->sync().is_ok());
  CHECK(rig.contents("/a").substr(0, 4) == "lost");
  CHECK(rig.disk.durable_contents("/a").substr(0, 4) == "oooo");
  CHECK(rig.disk.durable_contents("/a").substr(kSectorBytes, 4) == "kept");

  REQUIRE(write_fully(*file, 0, "again").is_ok());
  REQUIRE(file->sync().is_ok());
  CHECK(rig.disk.durable_contents("/a").substr(0, 5) == "again");
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("simulated power cut");

TEST_CASE("each call that may change the disk is one operation, a read is none of them") {
  for (const Call& call : calls()) {
    CAPTURE(call.name);
    SimRig rig;
    auto file = rig.put_durably("/a", "old");
    const uint64_t before = rig.disk.operations();
    REQUIRE(call.make(rig, *file).is_ok());
    CHECK(rig.disk.operations() == before + 1);
  }
  SimRig rig;
  auto file = rig.put_durably("/a", "old");
  const uint64_t before = rig.disk.operations();
  const uint64_t reads = rig.disk.reads();
  std::array<char, 3> into{};
  REQUIRE(read_fully(*file, 0, into).is_ok());
  REQUIRE(file->read_cached(0, into).is_ok());
  REQUIRE(rig.disk.list("/").is_ok());
  CHECK(rig.disk.operations() == before);
  CHECK(rig.disk.reads() == reads + 2);
}

TEST_CASE("the operation at which the power goes does nothing, and nothing works after it") {
  for (const Call& call : calls()) {
    CAPTURE(call.name);
    SimRig rig;
    auto file = rig.put_durably("/a", "old");
    const std::string before = state_of(rig);
    rig.disk.stop_at(rig.disk.operations() + 1);

    const Status status = call.make(rig, *file);
    CHECK(status.code() == Code::kIo);
    CHECK(status.message().find("the machine is down") != std::string::npos);
    CHECK(rig.disk.is_down());
    for (const Call& other : calls()) CHECK(other.make(rig, *file).code() == Code::kIo);
    std::array<char, 1> into{};
    CHECK(file->read_some(0, into).code() == Code::kIo);
    CHECK(file->read_cached(0, into).code() == Code::kIo);
    CHECK(file->size().code() == Code::kIo);
    CHECK(rig.disk.exists("/a").code() == Code::kIo);
    CHECK(rig.disk.list("/").code() == Code::kIo);
    CHECK(rig.disk.free_bytes("/").code() == Code::kIo);
    CHECK(rig.disk.open("/a", Access::kRead).code() == Code::kIo);

    rig.crash(1);
    CHECK_FALSE(rig.disk.is_down());
    if (call.operation != Operation::kWrite) CHECK(state_of(rig) == before);
    CHECK(rig.disk.open("/a", Access::kRead).is_ok());
  }
}

TEST_CASE("a write cut off may have come a part of its way") {
  std::set<std::string> found;
  for (uint64_t seed = 1; seed < 100; ++seed) {
    SimRig rig(seed);
    auto file = rig.put_durably("/a", "...");
    rig.disk.stop_at(rig.disk.operations() + 1);
    CHECK_FALSE(file->write_some(0, "xyz").is_ok());
    found.insert(rig.disk.contents("/a"));
  }
  CHECK(found == std::set<std::string>{"...", "x..", "xy.", "xyz"});
}

TEST_CASE("the next life can be cut too") {
  SimRig rig;
  rig.put_durably("/a", "x");
  rig.disk.stop_at(rig.disk.operations() + 1);
  REQUIRE_FALSE(rig.disk.remove("/a").is_ok());
  rig.crash(1);

  rig.disk.stop_at(rig.disk.operations() + 2);
  CHECK(rig.disk.link("/a", "/b").is_ok());
  CHECK_FALSE(rig.disk.sync_directory("/").is_ok());
  CHECK(rig.disk.is_down());
}

TEST_SUITE_END();

}  // namespace distkv::storage::io::test
