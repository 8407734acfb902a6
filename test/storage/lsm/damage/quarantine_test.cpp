// What a store does with a table that turns out to be damaged while it is open, and with one that
// was only read wrongly once.
#include <doctest/doctest.h>

#include <algorithm>

#include "storage/lsm/damage/small_store.h"
#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm::test {
namespace {

using io::test::Effect;
using io::test::Operation;

// A small store, open, and the oldest of its tables.
struct OpenStore {
  OpenStore() : store(make_small_store(1, Ending::kClosed)), host(1, true, store.disk.get()) {
    host.options = store.options;
    engine = host.open(SmallStore::kDirectory);
    table = base_table();
  }
  ~OpenStore() {
    host.forget();
    engine.reset();
  }

  TableSummary base_table() const {
    return engine->maintenance().state().spaces[index_of(Space::kData)].back().tables.front();
  }
  std::string path() const {
    return std::string(SmallStore::kDirectory) + "/" + table_name(table.file);
  }

  std::string read(const Place& place) {
    const auto& [space, token, key] = place;
    std::string shown = "(no answer)";
    engine->get({space, token, key}, Part::kAll, [&shown](const auto& found) {
      shown = !found.is_ok()       ? std::string(name_of(found.code()))
              : found->has_value() ? std::string((**found).value)
                                   : "(absent)";
    });
    host.settle();
    return shown;
  }

  // Of all keys: how many answer kCorrupt; the others must be right.
  size_t count_corrupt() {
    size_t corrupt = 0;
    for (const auto& [place, entry] : store.contents) {
      const std::string shown = read(place);
      if (shown == "corrupt") {
        ++corrupt;
      } else {
        CHECK(shown == (entry ? entry->value : "(absent)"));
      }
    }
    return corrupt;
  }

  size_t error_lines() const {
    return static_cast<size_t>(std::count_if(
        host.log.lines.begin(), host.log.lines.end(),
        [](const std::string& line) { return line.find("level=error") != std::string::npos; }));
  }

  void overwrite_all(const std::string& value) {
    for (auto& [place, entry] : store.contents) {
      const auto& [space, token, key] = place;
      entry = Entry{"m", value};
      engine->write({{space, token, key, entry}}, Durability::kGroup, [](const auto&) {});
    }
    (void)engine->take_snapshot({});
    host.settle();
  }

  SmallStore store;
  LsmHost host;
  std::unique_ptr<LsmEngine> engine;
  TableSummary table;
};

TEST_SUITE_BEGIN("damage");

TEST_CASE("a table that decays is named in the log once, and all other keys answer rightly") {
  OpenStore open;

  open.store.disk->corrupt(open.path(), kBlockHeaderBytes, 1);

  CHECK(open.count_corrupt() > 0);
  CHECK(open.count_corrupt() > 0);
  CHECK(open.engine->maintenance().damaged() == std::set<FileId>{open.table.file});
  REQUIRE(open.error_lines() == 1);
  CHECK(open.host.log.lines.back().find("event=table_damaged") != std::string::npos);
  CHECK(open.host.log.lines.back().find(open.path()) != std::string::npos);
}

TEST_CASE("merges leave a damaged table where it is, and writes over its keys are read") {
  OpenStore open;
  open.store.disk->corrupt(open.path(), kBlockHeaderBytes, 1);
  REQUIRE(open.count_corrupt() > 0);

  for (int round = 0; round < 12; ++round) open.overwrite_all("round " + std::to_string(round));
  open.engine->settle([] {});
  open.host.settle();

  CHECK(open.base_table() == open.table);
  CHECK(*open.store.disk->exists(open.path()));
  CHECK(open.count_corrupt() == 0);
}

TEST_CASE("a merge that meets damage first gives up, names the table and does without it") {
  OpenStore open;
  open.store.disk->corrupt(open.path(), kBlockHeaderBytes, 1);

  for (int round = 0; round < 12; ++round) open.overwrite_all("round " + std::to_string(round));

  CHECK(open.engine->maintenance().damaged() == std::set<FileId>{open.table.file});
  CHECK(open.base_table() == open.table);
  CHECK(open.error_lines() == 1);
  CHECK(open.count_corrupt() == 0);
}

TEST_CASE("a table that is misread once still answers rightly and is not given up") {
  OpenStore open;
  for (uint64_t nth : {1, 6, 11, 17, 23}) {
    open.store.disk->add_fault({.operations = {Operation::kRead},
                                .path_part = ".sst",
                                .nth = nth,
                                .is_sticky = false,
                                .effect = Effect::kMisread});
  }

  CHECK(open.count_corrupt() == 0);

  CHECK(open.store.disk->faults_struck() >= 3);
  CHECK(open.engine->maintenance().damaged().empty());
  CHECK(open.error_lines() == 0);
}

TEST_CASE("the scrub finds a table that decayed though nobody reads it") {
  OpenStore open;
  open.store.disk->corrupt(open.path(), kBlockHeaderBytes, 1);

  // More seconds than there are tables.
  for (int second = 0; second < 60; ++second) {
    open.host.clock.time += std::chrono::seconds(1);
    open.host.settle();
  }

  CHECK(open.engine->maintenance().damaged() == std::set<FileId>{open.table.file});
  CHECK(open.error_lines() == 1);
}

TEST_CASE("the scrub finds nothing in a sound store, however often it comes round") {
  OpenStore open;

  for (int second = 0; second < 200; ++second) {
    open.host.clock.time += std::chrono::seconds(1);
    open.host.settle();
  }

  CHECK(open.engine->maintenance().damaged().empty());
  CHECK(open.error_lines() == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm::test
