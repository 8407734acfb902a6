// What survives a crash of the simulated disk, and what may not. Outcomes that are a matter of
// chance are collected over many seeds: what may happen must happen, what must not never does.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

#include "storage/io/sim_rig.h"

namespace distkv::storage::io::test {

using base::Code;

namespace {
constexpr uint64_t kSeeds = 400;  // Enough for each outcome of one in thirty to show.
using Outcomes = std::set<std::string>;

// What each of the paths holds after a crash, joined by '|', over all seeds.
Outcomes outcomes(const SimFileSystem& before, const std::vector<std::string>& paths) {
  Outcomes found;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    auto disk = before.copy();
    base::Rng rng(seed);
    disk->crash(rng);
    std::string outcome;
    for (const std::string& path : paths) {
      if (!outcome.empty()) outcome += "|";
      outcome += *disk->exists(path) ? disk->contents(path) : "-";
    }
    found.insert(outcome);
  }
  return found;
}

std::string sectors(const std::string& letters) {
  std::string bytes;
  for (const char letter : letters) bytes += std::string(kSectorBytes, letter);
  return bytes;
}

// "k" kept (n), "d" dropped (o), "t" torn (n, then o), "g" garbage.
char fate_of(std::string_view sector) {
  const size_t news = std::min(sector.find_first_not_of('n'), sector.size());
  const size_t olds = std::min(sector.find_first_not_of('o', news), sector.size());
  if (olds < sector.size()) return 'g';
  if (news == sector.size()) return 'k';
  return news == 0 ? 'd' : 't';
}
}  // namespace

TEST_SUITE_BEGIN("simulated crash");

TEST_CASE("a file that was synced, in a directory that was synced, survives every crash") {
  SimRig rig;
  rig.put_durably("/a", "durable");

  CHECK(outcomes(rig.disk, {"/a"}) == Outcomes{"durable"});
}

TEST_CASE("a synced file may lose its name, a synced name may lose its contents") {
  SimRig nameless;
  REQUIRE(nameless.put("/a", "x")->sync().is_ok());
  CHECK(outcomes(nameless.disk, {"/a"}) == Outcomes{"-", "x"});

  SimRig empty;
  empty.put("/a", "x");
  REQUIRE(empty.disk.sync_directory("/").is_ok());
  const Outcomes found = outcomes(empty.disk, {"/a"});
  CHECK(found.count("x") == 1);
  CHECK(found.count("") == 1);
  CHECK(found.count(std::string(1, '\0')) == 1);
  CHECK(found.count("-") == 0);
}

TEST_CASE("each unsynced sector is kept, dropped, torn or garbage by itself") {
  SimRig rig;
  auto file = rig.put_durably("/a", sectors("oooo"));
  REQUIRE(write_fully(*file, 0, sectors("nnn")).is_ok());

  std::set<std::string> fates;
  for (const std::string& bytes : outcomes(rig.disk, {"/a"})) {
    REQUIRE(bytes.size() == 4 * kSectorBytes);
    std::string fate;
    for (size_t at = 0; at < bytes.size(); at += kSectorBytes) {
      fate += fate_of(std::string_view(bytes).substr(at, kSectorBytes));
    }
    CHECK(fate.back() == 'd');  // Never written again: it stays as it was synced.
    fates.insert(fate.substr(0, 2));
  }
  const std::string kinds = "kdtg";
  for (const char first : kinds) {
    for (const char second : std::string("kd")) {
      CHECK_MESSAGE(fates.count({first, second}) == 1, first << second);
    }
  }
}

TEST_CASE("garbage may be told to spare what the write did not change") {
  SimRig rig;
  rig.disk.set_crash_odds(
      {.kept = 0, .dropped = 0, .torn = 0, .garbage = 1, .garbage_spares_unchanged = true});
  auto file = rig.put_durably("/a", "synced");
  REQUIRE(write_fully(*file, 6, "pending").is_ok());

  for (const std::string& bytes : outcomes(rig.disk, {"/a"})) {
    CHECK(bytes.substr(0, 6) == "synced");
  }
}

TEST_CASE("a size that grew is kept, lost or caught on its way, with zeros for lost contents") {
  SimRig rig;
  rig.disk.set_crash_odds({.kept = 1, .dropped = 1, .torn = 0, .garbage = 0});
  auto file = rig.put_durably("/a", "");
  REQUIRE(write_fully(*file, 0, sectors("xy")).is_ok());

  std::set<size_t> sizes;
  bool has_zeros = false;
  for (const std::string& bytes : outcomes(rig.disk, {"/a"})) {
    sizes.insert(bytes.size());
    has_zeros |= bytes == std::string(2 * kSectorBytes, '\0');
  }
  CHECK(sizes.count(0) == 1);
  CHECK(sizes.count(2 * kSectorBytes) == 1);
  CHECK(sizes.size() > 10);
  CHECK(has_zeros);
}

TEST_CASE("a removed name may come back until its directory is synced") {
  SimRig rig;
  rig.put_durably("/a", "x");
  REQUIRE(rig.disk.remove("/a").is_ok());
  CHECK(outcomes(rig.disk, {"/a"}) == Outcomes{"-", "x"});

  REQUIRE(rig.disk.sync_directory("/").is_ok());
  CHECK(outcomes(rig.disk, {"/a"}) == Outcomes{"-"});
}

TEST_CASE("an unsynced rename is whole or not at all") {
  SimRig rig;
  rig.put_durably("/new", "2");
  rig.put_durably("/name", "1");
  REQUIRE(rig.disk.rename("/new", "/name").is_ok());
  CHECK(outcomes(rig.disk, {"/new", "/name"}) == Outcomes{"2|1", "-|2"});

  REQUIRE(rig.disk.sync_directory("/").is_ok());
  CHECK(outcomes(rig.disk, {"/new", "/name"}) == Outcomes{"-|2"});
}

TEST_CASE("unsynced changes of names survive out of order") {
  SimRig rig;
  rig.put_durably("/old", "1");
  REQUIRE(rig.put("/new", "2")->sync().is_ok());
  REQUIRE(rig.disk.remove("/old").is_ok());

  CHECK(outcomes(rig.disk, {"/old", "/new"}) == Outcomes{"1|2", "1|-", "-|2", "-|-"});
}

TEST_CASE("a rename of an unsynced name survives only with that name") {
  SimRig rig;
  rig.put_durably("/name", "1");
  REQUIRE(rig.put("/new", "2")->sync().is_ok());
  REQUIRE(rig.disk.rename("/new", "/name").is_ok());

  CHECK(outcomes(rig.disk, {"/new", "/name"}) == Outcomes{"-|1", "2|1", "-|2"});
}

TEST_CASE("a file renamed twice stands under one of its three names") {
  SimRig rig;
  rig.put_durably("/a", "1");
  REQUIRE(rig.disk.rename("/a", "/b").is_ok());
  REQUIRE(rig.disk.rename("/b", "/c").is_ok());

  CHECK(outcomes(rig.disk, {"/a", "/b", "/c"}) == Outcomes{"1|-|-", "-|1|-", "-|-|1"});
}

TEST_CASE("a rename without a sync of the file may leave the new name without contents") {
  SimRig rig;
  rig.put_durably("/name", "1");
  rig.put("/new", "2");
  REQUIRE(rig.disk.rename("/new", "/name").is_ok());
  REQUIRE(rig.disk.sync_directory("/").is_ok());

  const Outcomes found = outcomes(rig.disk, {"/name"});
  CHECK(found.count("") == 1);
  CHECK(found.count("2") == 1);
  CHECK(found.count("1") == 0);
}

TEST_CASE("a replaced file holds its old contents or its new after every crash") {
  SimRig start;
  REQUIRE(replace_file(start.disk, "/", "name", "old").is_ok());
  auto counted = start.disk.copy();
  REQUIRE(replace_file(*counted, "/", "name", "new").is_ok());
  const uint64_t first = start.disk.operations();

  std::set<std::string> found;
  for (uint64_t at = first + 1; at <= counted->operations(); ++at) {
    auto disk = start.disk.copy();
    disk->stop_at(at);
    CHECK_FALSE(replace_file(*disk, "/", "name", "new").is_ok());
    found.merge(outcomes(*disk, {"/name"}));
  }

  CHECK(found == Outcomes{"old", "new"});
  CHECK(outcomes(*counted, {"/name"}) == Outcomes{"new"});
}

TEST_CASE("a link is a name like any other, and both names lead to one file") {
  SimRig rig;
  auto file = rig.put_durably("/a", "1");
  REQUIRE(rig.disk.link("/a", "/b").is_ok());
  CHECK(outcomes(rig.disk, {"/a", "/b"}) == Outcomes{"1|-", "1|1"});

  REQUIRE(rig.disk.sync_directory("/").is_ok());
  REQUIRE(write_fully(*file, 0, "2").is_ok());
  REQUIRE(file->sync().is_ok());
  CHECK(outcomes(rig.disk, {"/a", "/b"}) == Outcomes{"2|2"});
}

TEST_CASE("what lies in a directory is lost with the directory's own name") {
  SimRig rig;
  REQUIRE(rig.disk.make_directory("/d").is_ok());
  REQUIRE(rig.put("/d/a", "x")->sync().is_ok());
  REQUIRE(rig.disk.sync_directory("/d").is_ok());
  CHECK(outcomes(rig.disk, {"/d/a"}) == Outcomes{"-", "x"});

  REQUIRE(rig.disk.sync_directory("/").is_ok());
  CHECK(outcomes(rig.disk, {"/d/a"}) == Outcomes{"x"});
}

TEST_CASE("a rename between directories is durable with either, and never halved") {
  SimRig rig;
  REQUIRE(rig.disk.make_directory("/d").is_ok());
  rig.put_durably("/a", "x");
  REQUIRE(rig.disk.rename("/a", "/d/a").is_ok());
  CHECK(outcomes(rig.disk, {"/a", "/d/a"}) == Outcomes{"x|-", "-|x"});

  REQUIRE(rig.disk.sync_directory("/d").is_ok());
  CHECK(outcomes(rig.disk, {"/a", "/d/a"}) == Outcomes{"-|x"});
}

TEST_CASE("a directory's sync takes along what its changes build on elsewhere") {
  SimRig rig;
  REQUIRE(rig.disk.make_directory("/d").is_ok());
  REQUIRE(rig.disk.sync_directory("/").is_ok());
  REQUIRE(rig.put("/a", "x")->sync().is_ok());
  REQUIRE(rig.disk.rename("/a", "/d/a").is_ok());
  REQUIRE(rig.disk.sync_directory("/d").is_ok());

  CHECK(outcomes(rig.disk, {"/a", "/d/a"}) == Outcomes{"-|x"});
}

TEST_CASE("a crash is the end of open files and locks, and of nothing else") {
  SimRig rig;
  auto file = rig.put_durably("/a", "x");
  auto lock = rig.disk.lock("/LOCK");
  REQUIRE(rig.disk.sync_directory("/").is_ok());
  std::array<char, 1> into{};

  rig.crash(1);

  const auto read = file->read_some(0, into);
  CHECK(read.code() == Code::kIo);
  CHECK(read.status().message() == "/a: crashed");
  CHECK(file->write_some(0, "y").code() == Code::kIo);
  CHECK(file->sync().code() == Code::kIo);
  CHECK(file->reserve(1).code() == Code::kIo);
  CHECK(file->size().code() == Code::kIo);
  CHECK(file->read_cached(0, into).code() == Code::kIo);
  auto again = rig.disk.lock("/LOCK");
  CHECK(again.is_ok());
  (*lock).reset();
  CHECK(rig.disk.lock("/LOCK").code() == Code::kUnavailable);
  CHECK(write_fully(*rig.open("/a"), 0, "z").is_ok());
  CHECK(rig.contents("/a") == "z");
}

TEST_CASE("space of files that a crash took is free again") {
  SimRig rig;
  auto kept = rig.put_durably("/kept", std::string(4096, 'x'));
  auto unlinked = rig.put_durably("/unlinked", std::string(4096, 'x'));
  REQUIRE(rig.disk.remove("/unlinked").is_ok());
  REQUIRE(rig.disk.sync_directory("/").is_ok());
  CHECK(rig.disk.used_bytes() == 8192);

  rig.crash(1);

  CHECK(rig.disk.used_bytes() == 4096);
}

TEST_CASE("one seed, one outcome") {
  SimRig rig;
  auto file = rig.put_durably("/a", sectors("oooooooo"));
  REQUIRE(write_fully(*file, 0, sectors("nnnnnnnn")).is_ok());

  std::set<std::string> different;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::array<std::string, 2> twice;
    for (std::string& bytes : twice) {
      auto disk = rig.disk.copy();
      base::Rng rng(seed);
      disk->crash(rng);
      bytes = disk->contents("/a");
    }
    CHECK(twice[0] == twice[1]);
    different.insert(twice[0]);
  }
  CHECK(different.size() > 5);
}

TEST_CASE("a second crash with nothing pending changes nothing") {
  SimRig rig;
  auto file = rig.put_durably("/a", sectors("oooo"));
  REQUIRE(write_fully(*file, 0, sectors("nnnn")).is_ok());
  rig.put("/b", "x");
  rig.crash(7);
  const std::string bytes = rig.contents("/a") + rig.contents("/b");

  for (uint64_t seed = 8; seed < 20; ++seed) {
    rig.crash(seed);
    CHECK(rig.contents("/a") + rig.contents("/b") == bytes);
  }
}

TEST_SUITE_END();

}  // namespace distkv::storage::io::test
