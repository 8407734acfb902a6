// What goes on behind the foreground, seen through the engine and its files.
#include <doctest/doctest.h>

#include <algorithm>

#include "storage/lsm/engine/engine_rig.h"
#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm::test {
namespace {

size_t tables_of(const EngineRig& rig) {
  size_t tables = 0;
  for (const auto& runs : rig.maintenance().state().spaces) {
    for (const RunState& run : runs) tables += run.tables.size();
  }
  return tables;
}

TEST_SUITE_BEGIN("lsm");

TEST_CASE("a full memtable becomes a table, and the log behind it is used again") {
  EngineRig rig;
  rig.open();
  const std::string value(8 << 10, 'v');

  for (uint64_t token = 0; token < 200; ++token) REQUIRE(rig.put(token, value) == "ok");

  CHECK(rig.files(".sst") > 0);
  CHECK(rig.maintenance().bytes_flushed() > 0);
  CHECK(rig.maintenance().state().log_floor > SegmentNumber{1});
  // 1.6 MB went through segments of 64 KiB.
  CHECK(rig.files("log-") < 10);
  for (uint64_t token = 0; token < 200; ++token) REQUIRE(rig.get(token) == value);
}

TEST_CASE("files on the disk are those of the state, once all is settled") {
  EngineRig rig(Threads::kStepped);
  rig.open();
  for (int round = 0; round < 30; ++round) {
    for (uint64_t token = 0; token < 20; ++token) {
      REQUIRE(rig.put(token, std::to_string(round) + std::string(200, 'v')) == "ok");
    }
    rig.flush();
  }
  REQUIRE(rig.maintenance().bytes_merged() > 0);

  CHECK(rig.files(".sst") == tables_of(rig));
  CHECK(rig.files("manifest-") == 1);
}

TEST_CASE("scrubbing table after table finds nothing in sound ones, whatever their sizes") {
  EngineRig rig;
  rig.host.options.memtable_bytes = 1 << 20;
  rig.host.options.table.is_compressed = false;
  rig.open();
  for (uint64_t token = 0; token < 60; ++token) {
    REQUIRE(rig.put(token << 56, std::string(token * 37 % 1500, 'v')) == "ok");
  }
  rig.flush();  // Many tables of one flush: their ids follow each other.
  REQUIRE(tables_of(rig) > 3);

  for (int second = 0; second < 30; ++second) rig.wait(std::chrono::seconds(1));

  CHECK(rig.maintenance().damaged().empty());
}

TEST_CASE("a manifest that grew long is followed by a new one") {
  EngineRig rig;
  rig.open();
  const auto names_before = rig.disk.contents("/store/CURRENT");

  uint64_t bytes_max = 0;
  bool is_restarted = false;
  for (int i = 0; i < 2000 && !is_restarted; ++i) {
    REQUIRE(rig.put(7, std::to_string(i)) == "ok");
    rig.flush();
    is_restarted = rig.disk.contents("/store/CURRENT") != names_before;
    for (const std::string& path : rig.disk.paths()) {
      if (path.find("manifest-") == std::string::npos) continue;
      bytes_max = std::max<uint64_t>(bytes_max, rig.disk.contents(path).size());
    }
  }

  CHECK(is_restarted);
  CHECK(bytes_max > 4096);
  CHECK(bytes_max < 8 << 20);
  CHECK(rig.files("manifest-") == 1);
  const std::string last = rig.get(7);
  rig.kill();
  rig.open();
  CHECK(rig.get(7) == last);
}

TEST_CASE("opening again and again makes neither more log slots nor more manifests") {
  EngineRig rig;
  rig.open();
  for (int life = 0; life < 3; ++life) {
    REQUIRE(rig.put(1, std::to_string(life)) == "ok");
    REQUIRE(rig.close().is_ok());
    rig.open();
  }
  const size_t slots = rig.files("log-");

  for (int life = 0; life < 30; ++life) {
    REQUIRE(rig.put(1, std::to_string(life)) == "ok");
    if (life % 2 == 0) {
      REQUIRE(rig.close().is_ok());
    } else {
      rig.kill();
    }
    rig.open();
    REQUIRE(rig.get(1) == std::to_string(life));
  }

  CHECK(rig.files("log-") <= slots + 2);
  CHECK(rig.files("manifest-") == 1);
  CHECK(rig.files("new-log") == 0);
}

TEST_CASE("a store opened again without a write stays as it is") {
  EngineRig rig;
  rig.open();
  for (uint64_t token = 0; token < 5; ++token) REQUIRE(rig.put(token, "v") == "ok");
  REQUIRE(rig.close().is_ok());
  const std::string expected = "0/k=v 1/k=v 2/k=v 3/k=v 4/k=v end";

  size_t slots = 0;
  for (int life = 0; life < 20; ++life) {
    rig.open();
    REQUIRE(rig.scan() == expected);
    REQUIRE(rig.close().is_ok());
    if (life == 3) slots = rig.files("log-");
  }

  CHECK(rig.files("log-") == slots);
}

TEST_CASE("a snapshot shows its moment, though all it pins is merged away") {
  EngineRig rig(Threads::kStepped);
  rig.open();
  for (uint64_t token = 0; token < 6; ++token) REQUIRE(rig.put(token, "then") == "ok");
  REQUIRE(rig.erase(3) == "ok");
  const auto snapshot = rig.engine().take_snapshot({});
  const std::string moment = rig.scan(snapshot.get());
  CHECK(moment == "0/k=then 1/k=then 2/k=then 4/k=then 5/k=then end");

  for (int round = 0; round < 20; ++round) {
    for (uint64_t token = 0; token < 6; ++token) {
      REQUIRE(rig.put(token, "round " + std::to_string(round)) == "ok");
    }
    rig.flush();
    REQUIRE(rig.scan(snapshot.get()) == moment);
  }

  CHECK(rig.maintenance().bytes_merged() > 0);
  CHECK(rig.get(3) == "round 19");
}

TEST_CASE("a checkpoint is the store at its call, opens on its own and outlives later merges") {
  EngineRig rig(Threads::kStepped);
  rig.open();
  for (uint64_t token = 0; token < 6; ++token) REQUIRE(rig.put(token, "then") == "ok");
  REQUIRE(rig.erase(2) == "ok");
  const std::string moment = rig.scan();
  std::string made = "(no answer)";
  rig.engine().checkpoint("/copy",
                          [&made](const base::Status& status) { made = status.to_string(); });
  rig.settle();
  CHECK(made == "ok");

  for (int round = 0; round < 20; ++round) {
    for (uint64_t token = 0; token < 6; ++token) REQUIRE(rig.put(token, "later") == "ok");
    rig.flush();
  }

  const auto copy = rig.host.open("/copy");
  CHECK(rig.scan_of(*copy) == moment);
  // A life of its own.
  std::string put = "(no answer)";
  copy->write({{Space::kData, base::Token{9}, "k", Entry{"m", "mine"}}}, Durability::kGroup,
              [&put](const base::Status& status) { put = status.to_string(); });
  rig.settle();
  CHECK(put == "ok");
  CHECK(rig.scan_of(*copy) != moment);
  CHECK(rig.get(9) == "(absent)");
  CHECK(rig.host.close(*copy).is_ok());
}

TEST_CASE("a checkpoint into a directory that holds something is refused") {
  EngineRig rig;
  rig.open();
  REQUIRE(rig.disk.make_directory("/copy").is_ok());
  rig.disk.replace("/copy/somebody's", "file");
  base::Status made;
  rig.engine().checkpoint("/copy", [&made](const base::Status& status) { made = status; });
  rig.settle();
  CHECK(made.code() == base::Code::kInvalidArgument);
}

TEST_CASE("writes are refused while flushes cannot end, and taken again when they can") {
  EngineRig rig;
  rig.host.options.memtable_bytes = 8 << 10;
  rig.open();
  const std::string value(1000, 'v');
  rig.disk.add_fault({.operations = {io::test::Operation::kSync},
                      .path_part = ".sst",
                      .is_sticky = true,
                      .effect = io::test::Effect::kIo});

  std::string answer;
  uint64_t taken = 0;
  for (; taken < 1000; ++taken) {
    answer = rig.put(taken, value);
    if (answer != "ok") break;
  }
  CHECK(answer.starts_with("overloaded"));
  CHECK(rig.engine().pressure() == 1);
  CHECK(rig.get(0) == value);
  CHECK(rig.get(taken) == "(absent)");

  rig.disk.clear_faults();
  rig.wait(std::chrono::seconds(1));
  CHECK(rig.put(taken, value) == "ok");
  for (uint64_t token = 0; token <= taken; ++token) REQUIRE(rig.get(token) == value);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm::test
