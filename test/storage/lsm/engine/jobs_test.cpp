#include "storage/lsm/jobs.h"

#include <doctest/doctest.h>

#include "storage/lsm/engine/tables.h"
#include "storage/rigs.h"

namespace distkv::storage::lsm::test {
namespace {

using base::Token;
using distkv::storage::test::key_at;

constexpr uint64_t kStep = 1 << 20;

// Runs a merge to its end; what its tables hold.
std::string merged(Tables& tables, MergeJob& job) {
  const auto is_done = job.step(kStep);
  REQUIRE(is_done.is_ok());
  REQUIRE(*is_done);
  return tables.text_of_tables(job.tables());
}

Merge stack_of(const std::vector<RunId>& runs) {
  Merge merge;
  merge.runs = runs;
  merge.level = 1;
  return merge;
}

TEST_SUITE_BEGIN("lsm");

TEST_CASE("a merge above other runs keeps tombstones: they hide what is older") {
  Tables tables;
  tables.add_run({{{1, "a", "old"}}}, true);
  const RunId older = tables.add_run({{{1, "a", "v"}, {2, "b", "v"}}}).id;
  const RunId newer = tables.add_run({{{1, "a", "", true}}}).id;
  MergeJob job(tables.factory, tables.version(), tables.state, stack_of({newer, older}),
               tables.ids());

  CHECK(merged(tables, job) == "1/a erased, 2/b=v, end ");
  const Edit edit = job.edit();
  REQUIRE(edit.puts.size() == 1);
  CHECK(edit.puts[0].replaces == std::vector<RunId>{newer, older});
  CHECK(edit.puts[0].run.level == 1);
  CHECK(apply(edit, tables.state).is_ok());
}

TEST_CASE("a merge with the oldest run drops tombstones: nothing is left to hide") {
  Tables tables;
  const RunId older = tables.add_run({{{1, "a", "v"}, {2, "b", "v"}}}).id;
  const RunId newer = tables.add_run({{{1, "a", "", true}, {3, "c", "", true}}}).id;
  MergeJob job(tables.factory, tables.version(), tables.state, stack_of({newer, older}),
               tables.ids());

  CHECK(merged(tables, job) == "2/b=v, end ");
}

TEST_CASE("a sweep drops tombstones, replaces a stretch of the base and keeps the base's id") {
  Tables tables;
  const RunId base =
      tables.add_run({{{1, "a", "old"}, {2, "b", "old"}}, {{7, "c", "old"}}}, true).id;
  const RunId swept = tables.add_run({{{1, "a", "", true}, {2, "b", "new"}, {7, "c", "new"}}}).id;
  Merge merge;
  merge.kind = Merge::Kind::kSweep;
  merge.runs = {swept};
  merge.first = Token{0};
  merge.last = Token{5};
  MergeJob job(tables.factory, tables.version(), tables.state, merge, tables.ids());

  CHECK(merged(tables, job) == "2/b=new, end ");
  const Edit edit = job.edit();
  REQUIRE(edit.sweep.has_value());
  CHECK(edit.sweep->base == base);
  REQUIRE(apply(edit, tables.state).is_ok());
  const auto& runs = tables.state.spaces[index_of(Space::kData)];
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].live_from == Token{6});
  CHECK(runs[1].tables.size() == 2);
}

TEST_CASE("a sweep of a store without a base makes one") {
  Tables tables;
  const RunId run = tables.add_run({{{1, "a", "v"}}}).id;
  Merge merge;
  merge.kind = Merge::Kind::kSweep;
  merge.runs = {run};
  MergeJob job(tables.factory, tables.version(), tables.state, merge, tables.ids());

  CHECK(merged(tables, job) == "1/a=v, end ");
  REQUIRE(apply(job.edit(), tables.state).is_ok());
  const auto& runs = tables.state.spaces[index_of(Space::kData)];
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].is_base);
}

TEST_CASE("a merge in which everything was erased leaves no table") {
  Tables tables;
  const RunId older = tables.add_run({{{1, "a", "v"}}}).id;
  const RunId newer = tables.add_run({{{1, "a", "", true}}}).id;
  MergeJob job(tables.factory, tables.version(), tables.state, stack_of({newer, older}),
               tables.ids());

  CHECK(merged(tables, job).empty());
  REQUIRE(apply(job.edit(), tables.state).is_ok());
  CHECK(tables.state.spaces[index_of(Space::kData)].empty());
}

TEST_CASE("a merge that meets damage says which table it was") {
  Tables tables;
  const RunState older = tables.add_run({{{1, "a", "v"}}});
  const RunId newer = tables.add_run({{{2, "b", "v"}}}).id;
  tables.disk.corrupt("/store/" + table_name(older.tables[0].file), kBlockHeaderBytes, 1);
  MergeJob job(tables.factory, tables.version(), tables.state, stack_of({newer, older.id}),
               tables.ids());

  CHECK(job.step(kStep).code() == base::Code::kCorrupt);
  CHECK(job.damaged() == older.tables[0].file);
  job.abandon();
  CHECK(tables.files() == 2);
}

TEST_CASE("a flush writes the newest version of each key, tombstones too, a run for each space") {
  Tables tables;
  const auto older = std::make_shared<Memtable>(nullptr);
  const auto newer = std::make_shared<Memtable>(nullptr);
  const EntryView old_entry{"", "old"};
  const EntryView new_entry{"", "new"};
  older->put(key_at(1, "a"), &old_entry, Sequence{1}, Durability::kGroup);
  older->put(key_at(2, "b"), &old_entry, Sequence{2}, Durability::kGroup);
  older->put(key_at(9, "h", Space::kHints), &old_entry, Sequence{3}, Durability::kGroup);
  newer->put(key_at(1, "a"), &new_entry, Sequence{4}, Durability::kGroup);
  newer->put(key_at(2, "b"), nullptr, Sequence{5}, Durability::kGroup);
  older->freeze();
  newer->freeze();
  FlushJob job(tables.factory, {newer, older}, tables.ids());

  const auto is_done = job.step(kStep);
  REQUIRE(is_done.is_ok());
  REQUIRE(*is_done);

  CHECK(tables.text_of_tables(job.tables()) == "1/a=new, 2/b erased, end 9/h=old, end ");
  const Edit edit = job.edit();
  REQUIRE(edit.puts.size() == 2);
  CHECK(edit.puts[0].space == Space::kData);
  CHECK(edit.puts[1].space == Space::kHints);
  CHECK(edit.puts[0].run.id != edit.puts[1].run.id);
  CHECK(edit.flushed == Sequence{5});
  CHECK(apply(edit, tables.state).is_ok());
}

TEST_CASE("a job works in steps of about the bytes it is given") {
  Tables tables;
  const auto memtable = std::make_shared<Memtable>(nullptr);
  const std::string value(1000, 'v');
  for (uint64_t token = 0; token < 1000; ++token) {
    const EntryView entry{"", value};
    memtable->put(key_at(token, "k"), &entry, Sequence{token + 1}, Durability::kGroup);
  }
  memtable->freeze();
  tables.factory.table.is_compressed = false;
  FlushJob job(tables.factory, {memtable}, tables.ids());

  int steps = 1;
  for (;; ++steps) {
    const auto is_done = job.step(100'000);
    REQUIRE(is_done.is_ok());
    if (*is_done) break;
  }
  CHECK(steps > 5);
  CHECK(steps < 20);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm::test
