#include "storage/lsm/version.h"

#include <doctest/doctest.h>

#include "storage/lsm/compaction/merge_rows.h"
#include "storage/lsm/engine/tables.h"
#include "storage/rigs.h"

namespace distkv::storage::lsm::test {
namespace {

using base::Token;
using distkv::storage::test::key_at;

struct Found {
  std::string text;
  Damage damage;
};

Found find(const Version& version, uint64_t token, const std::string& key) {
  Probe probe;
  const uint64_t hash = hash_of({Token{token}, key});
  const auto found = version.find(key_at(token, key), hash, Part::kAll, Wait::kBlocking, probe);
  if (!found.is_ok()) return {std::string(name_of(found.code())), probe.damage};
  if (*found == Lookup::kAbsent) return {"(absent)", {}};
  return {probe.row.is_erased ? "(erased)" : std::string(probe.row.value), {}};
}

// What a scan from `from` sees, all runs merged.
std::string scan(const Version& version, uint64_t from, uint64_t last, Damage& damage) {
  std::vector<std::unique_ptr<Rows>> sources;
  version.add_rows(Space::kData, {Token{from}, {}}, false, Token{last}, Part::kAll, damage,
                   sources);
  return text_of(*merge_rows(std::move(sources), false));
}

// As recovery leaves a table that cannot be opened.
void lose(Tables& tables, const TableSummary& summary) {
  tables.slots[summary.file] = std::make_shared<const TableSlot>(
      TableSlot{summary, nullptr, {base::Code::kCorrupt, "it is gone"}});
}

TEST_SUITE_BEGIN("lsm");

TEST_CASE("a version answers with the newest run that has the key, erased rows included") {
  Tables tables;
  tables.add_run({{{1, "a", "old"}, {2, "b", "kept"}}, {{5, "c", "old"}}}, true);
  tables.add_run({{{1, "a", "new"}, {5, "c", "", true}}});
  const auto version = tables.version();

  CHECK(find(*version, 1, "a").text == "new");
  CHECK(find(*version, 2, "b").text == "kept");
  CHECK(find(*version, 5, "c").text == "(erased)");
  CHECK(find(*version, 5, "d").text == "(absent)");
  CHECK(find(*version, 3, "a").text == "(absent)");
  Damage damage;
  CHECK(scan(*version, 0, UINT64_MAX, damage) == "1/a=new, 2/b=kept, 5/c erased, end");
}

TEST_CASE("what a sweep has moved into the base is read there and not in the swept run") {
  Tables tables;
  tables.add_run({{{1, "a", "in the base"}, {8, "z", "old"}}}, true);
  tables.add_run({{{1, "a", "dead"}, {8, "z", "live"}}}).live_from = Token{5};
  const auto version = tables.version();

  CHECK(find(*version, 1, "a").text == "in the base");
  CHECK(find(*version, 8, "z").text == "live");
  Damage damage;
  CHECK(scan(*version, 0, UINT64_MAX, damage) == "1/a=in the base, 8/z=live, end");
  CHECK(scan(*version, 1, 4, damage) == "1/a=in the base, end");
}

TEST_CASE("a table that could not be opened is damage for its keys and nobody else's") {
  Tables tables;
  const RunState run = tables.add_run({{{1, "a", "v"}}, {{5, "b", "lost"}}, {{9, "c", "v"}}});
  lose(tables, run.tables[1]);
  const auto version = tables.version();

  CHECK(find(*version, 1, "a").text == "v");
  CHECK(find(*version, 9, "c").text == "v");
  CHECK(find(*version, 3, "x").text == "(absent)");
  const Found lost = find(*version, 5, "b");
  CHECK(lost.text == "corrupt");
  CHECK(lost.damage.file == run.tables[1].file);
}

TEST_CASE("a walk ends with an error where a damaged table begins, and names it") {
  Tables tables;
  const RunState run = tables.add_run({{{1, "a", "v"}}, {{5, "b", "lost"}}, {{9, "c", "v"}}});
  lose(tables, run.tables[1]);
  const auto version = tables.version();

  Damage damage;
  CHECK(scan(*version, 0, 4, damage) == "1/a=v, end");
  CHECK_FALSE(damage.file.has_value());
  CHECK(scan(*version, 6, UINT64_MAX, damage) == "9/c=v, end");
  CHECK(scan(*version, 0, UINT64_MAX, damage) == "1/a=v, corrupt");
  CHECK(damage.file == run.tables[1].file);
}

TEST_CASE("a newer run answers for a key of a damaged table, an older one never") {
  Tables tables;
  tables.add_run({{{5, "b", "older"}}}, true);
  const RunState damaged = tables.add_run({{{5, "b", "lost"}, {5, "c", "lost"}}});
  tables.add_run({{{5, "c", "newer"}}});
  lose(tables, damaged.tables[0]);
  const auto version = tables.version();

  CHECK(find(*version, 5, "c").text == "newer");
  CHECK(find(*version, 5, "b").text == "corrupt");
}

TEST_CASE("a version keeps its tables readable when their files are removed") {
  Tables tables;
  const RunState run = tables.add_run({{{1, "a", "v"}}});
  const auto version = tables.version();

  tables.slots.clear();
  REQUIRE(tables.disk.remove("/store/" + table_name(run.tables[0].file)).is_ok());

  CHECK(find(*version, 1, "a").text == "v");
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm::test
