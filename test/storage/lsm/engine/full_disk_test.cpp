// A disk that fills up: puts are refused before it is full, everything else goes on, and nothing is
// lost.
#include <doctest/doctest.h>

#include "storage/lsm/engine/engine_rig.h"

namespace distkv::storage::lsm::test {
namespace {

struct FullDisk {
  FullDisk() {
    rig.open();
    for (uint64_t token = 0; token < 8; ++token) REQUIRE(rig.put(token, "before") == "ok");
  }
  void leave_free(uint64_t bytes) { rig.disk.set_capacity(rig.disk.used_bytes() + bytes); }
  void tick() { rig.wait(std::chrono::milliseconds(1100)); }

  EngineRig rig;
};

constexpr uint64_t kPlenty = 64 << 20;

TEST_SUITE_BEGIN("lsm");

TEST_CASE("puts are refused while there is still a ballast's worth free; reads and deletes go on") {
  FullDisk full;
  full.leave_free(32 << 10);
  full.tick();

  const std::string answer = full.rig.put(1, "new");
  CHECK(answer.starts_with("no space: the disk of /store is full"));
  CHECK(full.rig.engine().pressure() == 1);
  CHECK(full.rig.get(1) == "before");
  CHECK(full.rig.erase(1) == "ok");
  CHECK(full.rig.get(1) == "(absent)");
  CHECK(full.rig.scan().starts_with("0/k=before 2/k=before"));
}

TEST_CASE("a batch that puts is refused as a whole, one that only erases is taken") {
  FullDisk full;
  full.leave_free(32 << 10);
  full.tick();

  const auto write = [&](std::optional<Entry> second) {
    std::string text = "(no answer)";
    full.rig.engine().write({{Space::kData, base::Token{1}, "k", std::nullopt},
                             {Space::kData, base::Token{2}, "k", std::move(second)}},
                            Durability::kGroup,
                            [&text](const base::Status& status) { text = status.to_string(); });
    full.rig.settle();
    return text;
  };

  CHECK(write(Entry{"m", "new"}).starts_with("no space"));
  CHECK(full.rig.get(1) == "before");
  CHECK(write(std::nullopt) == "ok");
  CHECK(full.rig.get(1) == "(absent)");
  CHECK(full.rig.get(2) == "(absent)");
}

TEST_CASE("the node's own entries are written on a full disk too") {
  FullDisk full;
  full.leave_free(32 << 10);
  full.tick();

  base::Status status{base::Code::kTimedOut, "no answer"};
  full.rig.engine().write({{Space::kNode, base::Token{}, "state", Entry{"m", "v"}}},
                          Durability::kGroup,
                          [&status](const base::Status& done) { status = done; });
  full.rig.settle();

  CHECK(status.is_ok());
}

TEST_CASE("a flush that finds the disk full is given the ballast and ends") {
  FullDisk full;
  REQUIRE(full.rig.files("ballast") == 1);
  full.leave_free(0);

  full.rig.flush();

  CHECK(full.rig.files("ballast") == 0);
  CHECK(full.rig.maintenance().frozen().empty());
  CHECK(full.rig.files(".sst") > 0);
  CHECK(full.rig.put(1, "new").starts_with("no space"));
  CHECK(full.rig.get(1) == "before");
}

TEST_CASE("room that has come back is noticed within a tick, and the ballast is made again") {
  FullDisk full;
  full.leave_free(0);
  full.rig.flush();
  REQUIRE(full.rig.put(1, "new").starts_with("no space"));

  full.leave_free(kPlenty);
  full.tick();

  CHECK(full.rig.put(1, "new") == "ok");
  CHECK(full.rig.files("ballast") == 1);
}

TEST_CASE("a store that nobody writes to notices room that others made, though it was not full") {
  FullDisk full;
  full.leave_free(80 << 10);
  CHECK(full.rig.put(1, "new") == "ok");
  full.tick();
  REQUIRE(full.rig.engine().pressure() > 0.5);
  full.tick();

  full.leave_free(kPlenty);
  full.tick();

  CHECK(full.rig.engine().pressure() == 0);
}

TEST_CASE("being full is said once in the log, and once that it is over") {
  FullDisk full;
  full.leave_free(32 << 10);
  for (int i = 0; i < 3; ++i) full.tick();
  full.leave_free(kPlenty);
  for (int i = 0; i < 3; ++i) full.tick();

  size_t full_lines = 0;
  size_t room_lines = 0;
  for (const std::string& line : full.rig.host.log.lines) {
    full_lines += line.find("event=disk_full") != std::string::npos;
    room_lines += line.find("event=disk_has_room") != std::string::npos;
  }
  CHECK(full_lines == 1);
  CHECK(room_lines == 1);
}

TEST_CASE(
    "nothing answered on a filling disk is lost, though the store is killed on the full disk") {
  FullDisk full;
  full.leave_free(400 << 10);
  const std::string value(2000, 'v');
  uint64_t taken = 100;
  for (; taken < 2000; ++taken) {
    if (full.rig.put(taken, value) != "ok") break;
    if (taken % 16 == 0) full.tick();
  }
  REQUIRE(taken > 110);
  REQUIRE(taken < 2000);
  full.rig.disk.set_capacity(full.rig.disk.used_bytes());

  full.rig.kill();
  // An open writes a fresh manifest, and the ballast was spent on flushes already.
  CHECK(full.rig.host.try_open("/store").code() == base::Code::kNoSpace);
  full.leave_free(16 << 10);
  full.rig.open();

  for (uint64_t token = 100; token < taken; ++token) REQUIRE(full.rig.get(token) == value);
  CHECK(full.rig.get(taken) == "(absent)");
  CHECK(full.rig.get(0) == "before");
}

TEST_CASE("a store killed on a disk without a byte left opens by giving its ballast up") {
  FullDisk full;
  REQUIRE(full.rig.files("ballast") == 1);
  full.rig.disk.set_capacity(full.rig.disk.used_bytes());

  full.rig.kill();
  full.rig.open();

  CHECK(full.rig.get(0) == "before");
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm::test
