// How a damaged store is healed by one who knows what it should hold: restore what it damaged,
// then purge.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "storage/lsm/engine/engine_rig.h"
#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm::test {
namespace {

using distkv::storage::test::putting;

constexpr uint64_t kKeys = 40;

// Three layers: every key, every second again, every fifth erased.
struct HealRig : EngineRig {
  explicit HealRig(Threads threads = Threads::kInline) : EngineRig(threads) {
    host.options.memtable_bytes = 1 << 20;
    host.options.table_bytes = 1 << 20;
    host.options.table.block_bytes = 100;
    open();
    write("old", 1);
    write("new", 2);
    for (uint64_t key = 0; key < kKeys; key += 5) {
      REQUIRE(erase(key) == "ok");
      wanted[key] = "(absent)";
    }
    flush();
  }
  void write(const std::string& value, uint64_t every) {
    for (uint64_t key = 0; key < kKeys; key += every) {
      wanted[key] = value + std::to_string(key);
      REQUIRE(put(key, wanted[key]) == "ok");
    }
    flush();
  }

  const TableSummary& table_of_layer(size_t layer) const {
    return maintenance().state().spaces[index_of(Space::kData)][layer].tables.front();
  }
  std::string path_of(const TableSummary& table) const {
    return "/store/" + table_name(table.file);
  }
  // One block of the layer, by a part of the file; 0 is the newest layer.
  void damage(size_t layer, size_t part = 2) {
    const std::string path = path_of(table_of_layer(layer));
    disk.corrupt(path, disk.contents(path).size() * part / 10, 1);
  }
  // Reads all keys; none may be wrong. How many are corrupt.
  size_t count_corrupt() {
    size_t corrupt = 0;
    for (const auto& [key, value] : wanted) {
      const std::string found = get(key);
      if (found == "corrupt") {
        ++corrupt;
      } else {
        CHECK(found == value);
      }
    }
    return corrupt;
  }
  std::vector<uint64_t> damaged_ids() {
    std::vector<uint64_t> ids;
    for (const DamagedRange& range : engine().damaged()) ids.push_back(range.id);
    return ids;
  }
  // Offers every key of a damaged range again, as a replica would; keeps what is right already.
  void restore() {
    const auto ranges = engine().damaged();
    for (const auto& [key, value] : wanted) {
      const bool is_damaged = std::any_of(ranges.begin(), ranges.end(), [k = key](const auto& one) {
        return one.range.first.value() <= k && k <= one.range.last.value();
      });
      if (!is_damaged || value == "(absent)") continue;
      CHECK(restore_key(key, value) == "ok");
    }
  }
  std::string restore_key(uint64_t key, const std::string& value) {
    std::string text = "(no answer)";
    Update update;
    update.key = key_at(key, "k");
    update.durability = durability;
    update.replaces_damaged = damaged_ids();
    update.decide = [value](const EntryView* current) {
      return current != nullptr && current->value == value ? Decision{} : putting(value)(current);
    };
    update.durable = [&text](const base::Status& status) { text = status.to_string(); };
    engine().update(std::move(update));
    settle();
    return text;
  }
  std::string purge() { return purge(damaged_ids()); }
  std::string purge(const std::vector<uint64_t>& ids) {
    std::string text = "(no answer)";
    engine().heal(ids, [&text](const base::Status& status) { text = status.to_string(); });
    settle();
    return text;
  }
  size_t count_files() const { return files(".sst"); }

  std::map<uint64_t, std::string> wanted;
  Durability durability = Durability::kGroup;
};

TEST_SUITE_BEGIN("heal");

TEST_CASE("a damaged table is restored and purged, and all is right again, now and later") {
  for (const size_t layer : {0, 1, 2}) {
    for (const size_t part : {0, 1}) {
      CAPTURE(layer);
      CAPTURE(part);
      HealRig rig;
      rig.damage(layer, part);
      REQUIRE(rig.count_corrupt() > 0);
      REQUIRE_FALSE(rig.engine().damaged().empty());

      rig.restore();
      CHECK(rig.purge() == "ok");

      CHECK(rig.engine().damaged().empty());
      CHECK(rig.engine().sample().tables_damaged == 0);
      CHECK(rig.count_corrupt() == 0);
      REQUIRE(rig.close().is_ok());
      rig.open();
      CHECK(rig.count_corrupt() == 0);
      CHECK(rig.count_files() == rig.maintenance().tables());
    }
  }
}

TEST_CASE("a table that cannot be opened is healed too") {
  for (const size_t layer : {0, 1, 2}) {
    CAPTURE(layer);
    HealRig rig;
    const std::string path = rig.path_of(rig.table_of_layer(layer));
    REQUIRE(rig.close().is_ok());
    rig.disk.truncate(path, 10);
    rig.open();
    rig.settle();
    REQUIRE(rig.count_corrupt() > 0);

    rig.restore();
    CHECK(rig.purge() == "ok");

    CHECK(rig.count_corrupt() == 0);
    CHECK_FALSE(*rig.disk.exists(path));
  }
}

TEST_CASE("only an update that names the damaged table runs in its place") {
  HealRig rig;
  rig.damage(2);
  uint64_t key = 0;
  while (rig.get(key) != "corrupt") REQUIRE(++key < kKeys);

  CHECK(rig.put(key, "other").starts_with("corrupt"));
  Update update;
  bool has_run = false;
  update.key = key_at(key, "k");
  update.replaces_damaged = {rig.engine().damaged().front().id + 1};
  update.decide = [&](const EntryView*) {
    has_run = true;
    return Decision{};
  };
  std::string text;
  update.durable = [&](const base::Status& status) { text = name_of(status.code()); };
  rig.engine().update(std::move(update));
  rig.settle();
  CHECK_FALSE(has_run);
  CHECK(text == "corrupt");

  CHECK(rig.restore_key(key, "again") == "ok");
  CHECK(rig.get(key) == "again");
}

TEST_CASE("an update whose entry had to be fetched replaces damage as well") {
  HealRig rig(Threads::kStepped);
  rig.disk.set_cached_reads(io::test::CachedReads::kNever);
  rig.damage(2);
  REQUIRE(rig.count_corrupt() > 0);

  rig.restore();
  CHECK(rig.purge() == "ok");

  CHECK(rig.count_corrupt() == 0);
}

TEST_CASE("what only the cache still holds is restored too") {
  HealRig rig;
  // Twice: the cache admits what missed before.
  REQUIRE(rig.count_corrupt() == 0);
  REQUIRE(rig.count_corrupt() == 0);
  rig.damage(2);
  for (int second = 0; second < 5; ++second) rig.wait(std::chrono::seconds(1));  // Scrubs.
  REQUIRE_FALSE(rig.engine().damaged().empty());

  rig.restore();
  CHECK(rig.purge() == "ok");

  CHECK(rig.count_corrupt() == 0);
}

TEST_CASE("a purge without restoring loses what could not be read and nothing else") {
  HealRig rig;
  rig.damage(2);
  const size_t corrupt = rig.count_corrupt();
  REQUIRE(corrupt > 0);

  CHECK(rig.purge() == "ok");

  size_t lost = 0;
  for (const auto& [key, value] : rig.wanted) {
    const std::string found = rig.get(key);
    if (found != value) {
      CHECK(found == "(absent)");
      ++lost;
    }
  }
  CHECK(lost == corrupt);
}

TEST_CASE("writers do not wait for a merge that damage forbids") {
  HealRig rig;
  REQUIRE(rig.close().is_ok());
  rig.host.options.picker.debt_bytes_min = 0;
  rig.open();
  const auto& runs = rig.maintenance().state().spaces[index_of(Space::kData)];
  for (int round = 0; round < 100 && !runs.back().is_base; ++round) rig.write("newest", 1);
  REQUIRE(runs.back().is_base);
  rig.damage(runs.size() - 1);
  REQUIRE(rig.count_corrupt() > 0);

  // Many times the base on top of it, and no replica that could heal it.
  for (uint64_t round = 0; round < 100; ++round) {
    REQUIRE(rig.put(1000 + round, std::string(2000, 'v')) == "ok");
    rig.flush();
    REQUIRE(rig.engine().pressure() < 0.5);
  }
  CHECK_FALSE(rig.engine().damaged().empty());
}

TEST_CASE("damage to what is not rows heals by itself") {
  HealRig rig;
  const std::string path = rig.path_of(rig.table_of_layer(2));
  rig.disk.corrupt(path, rig.disk.contents(path).size() - 20, 1);  // The footer.

  for (int second = 0; second < 20; ++second) rig.wait(std::chrono::seconds(1));

  CHECK_FALSE(*rig.disk.exists(path));
  CHECK(rig.maintenance().damaged().empty());
  CHECK(rig.engine().damaged().empty());
  CHECK(rig.count_corrupt() == 0);
}

TEST_CASE("a purge of unknown ids has nothing to do") {
  HealRig rig;
  CHECK(rig.purge({12345}) == "ok");
  CHECK(rig.count_corrupt() == 0);
}

TEST_CASE("damage found while purging is listed, and the next purge heals it") {
  HealRig rig;
  rig.damage(1);
  REQUIRE(rig.count_corrupt() > 0);
  rig.restore();
  rig.damage(1, 5);

  CHECK(rig.purge().starts_with("corrupt"));
  rig.settle();
  rig.restore();
  CHECK(rig.purge() == "ok");

  CHECK(rig.count_corrupt() == 0);
}

TEST_CASE("a disk without room for the rewriting leaves everything as it was") {
  HealRig rig;
  rig.damage(2);
  const size_t corrupt = rig.count_corrupt();
  const size_t files = rig.count_files();
  rig.disk.add_fault({.operations = {io::test::Operation::kWrite},
                      .path_part = ".sst",
                      .nth = 1,
                      .is_sticky = true,
                      .effect = io::test::Effect::kNoSpace});

  CHECK(rig.purge().starts_with("no space"));
  CHECK(rig.count_corrupt() == corrupt);
  CHECK(rig.count_files() == files);

  rig.disk.clear_faults();
  rig.restore();
  CHECK(rig.purge() == "ok");
  CHECK(rig.count_corrupt() == 0);
}

TEST_CASE("what was restored without a sync is on disk before anything is given up") {
  HealRig rig;
  rig.durability = Durability::kMemory;
  rig.disk.set_crash_odds({.kept = 0, .dropped = 1, .torn = 0, .garbage = 0});
  rig.damage(2);
  REQUIRE(rig.count_corrupt() > 0);

  rig.restore();
  CHECK(rig.purge() == "ok");
  rig.kill();
  base::Rng rng(1);
  rig.disk.crash(rng);
  rig.open();

  CHECK(rig.count_corrupt() == 0);
}

TEST_CASE("a crash at any operation of a purge leaves it done or not begun") {
  bool is_over = false;
  size_t healed = 0;
  size_t crashes = 0;
  for (uint64_t operation = 1; !is_over; ++operation) {
    CAPTURE(operation);
    HealRig rig;
    rig.damage(1);
    REQUIRE(rig.count_corrupt() > 0);
    rig.restore();

    rig.disk.stop_at(rig.disk.operations() + operation);
    (void)rig.purge();
    is_over = !rig.disk.is_down();
    rig.kill();
    base::Rng rng(operation);
    rig.disk.crash(rng);
    rig.open();
    rig.settle();

    ++crashes;
    const size_t corrupt = rig.count_corrupt();
    if (corrupt == 0) ++healed;
    rig.restore();
    CHECK(rig.purge() == "ok");
    CHECK(rig.count_corrupt() == 0);
  }
  CHECK(crashes > 10);
  CHECK(healed > 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm::test
