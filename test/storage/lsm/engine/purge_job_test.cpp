#include "storage/lsm/purge_job.h"

#include <doctest/doctest.h>

#include "storage/lsm/engine/tables.h"
#include "storage/rigs.h"

namespace distkv::storage::lsm::test {
namespace {

using base::Code;
using base::Token;

// Tables of one row a block, so that single rows can be damaged.
struct Stack : Tables {
  Stack() { factory.table.block_bytes = 1; }

  const TableSummary& table(size_t run, size_t at = 0) const {
    return state.spaces[index_of(Space::kData)][run].tables[at];
  }
  // Makes the `nth` row of the table unreadable.
  void damage_row(const TableSummary& table, size_t nth) {
    const std::string path = "/store/" + table_name(table.file);
    const std::string bytes = disk.contents(path);
    disk.corrupt(path, nth * (rows_end(table) / table.rows) + kBlockHeaderBytes, 1);
  }
  // As if its index could not be read when the store was opened.
  void lose(const TableSummary& table) {
    slots[table.file] =
        std::make_shared<const TableSlot>(TableSlot{table, nullptr, {Code::kCorrupt, "lost"}});
  }
  DamageMap survey(const std::vector<FileId>& files) const {
    DamageMap damage;
    for (FileId file : files) damage[file] = survey_damage(*slots.at(file));
    return damage;
  }
  // Runs a purge of `files` to its end and applies it; the data space afterwards.
  std::string purge(const std::vector<FileId>& files) {
    PurgeJob job(factory, version(), slots, state, survey(files), ids());
    base::Result<bool> is_done = false;
    while (is_done.is_ok() && !*is_done) is_done = job.step(1);
    if (!is_done.is_ok()) {
      damaged = job.damaged();
      job.abandon();
      return std::string(name_of(is_done.code()));
    }
    for (const MadeTable& made : job.tables()) {
      slots[made.summary.file] =
          std::make_shared<const TableSlot>(TableSlot{made.summary, made.table, {}});
    }
    REQUIRE(apply(job.edit(), state).is_ok());
    return text();
  }
  // Run by run, newest first.
  std::string text() const {
    std::string text;
    for (const RunState& run : state.spaces[index_of(Space::kData)]) {
      text += "[";
      for (const TableSummary& one : run.tables) {
        text += text_of(*slots.at(one.file)->table->rows({one.first, {}}, false, Part::kAll)) + " ";
      }
      text += "] ";
    }
    return text;
  }

  std::optional<FileId> damaged;

 private:
  // All rows of these tests have blocks of one size.
  uint64_t rows_end(const TableSummary& table) const {
    std::vector<TokenSpan> damage;
    const std::string path = "/store/" + table_name(table.file);
    const std::string bytes = disk.contents(path);
    uint64_t end = 0;
    for (uint64_t row = 0; row < table.rows; ++row) {
      end += sealed_bytes(std::string_view(bytes).substr(end, kBlockHeaderBytes));
    }
    return end;
  }
};

TEST_SUITE_BEGIN("purge");

TEST_CASE("a table keeps the rows that can be read; the version below a lost one goes") {
  Stack stack;
  stack.add_run({{{1, "a", "1"}, {2, "b", "1"}, {3, "c", "1"}}}, true);
  stack.add_run({{{1, "a", "2"}, {2, "b", "2"}, {3, "c", "2"}}});
  stack.add_run({{{2, "b", "3"}}});
  stack.damage_row(stack.table(1), 1);

  CHECK(stack.purge({stack.table(1).file}) ==
        "[2/b=3, end ] [1/a=2, 3/c=2, end ] [1/a=1, 3/c=1, end ] ");
}

TEST_CASE("an erasure that was lost does not bring the erased row back") {
  Stack stack;
  stack.add_run({{{1, "a", "1"}, {2, "b", "1"}}}, true);
  stack.add_run({{{2, "b", "", true}}});
  stack.damage_row(stack.table(0), 0);

  CHECK(stack.purge({stack.table(0).file}) == "[1/a=1, end ] ");
}

TEST_CASE("what the damaged table surely did not have stays below it") {
  Stack stack;
  // Between the two rows of the damaged block's tokens, but not in its filter.
  stack.add_run({{{1, "a", "1"}, {2, "b", "1"}, {2, "x", "1"}, {3, "c", "1"}}}, true);
  stack.add_run({{{1, "a", "2"}, {2, "b", "2"}, {4, "d", "2"}}});
  stack.damage_row(stack.table(0), 1);

  CHECK(stack.purge({stack.table(0).file}) == "[1/a=2, 4/d=2, end ] [1/a=1, 2/x=1, 3/c=1, end ] ");
}

TEST_CASE("of a table that cannot be opened nothing stays, nor below it in its bounds") {
  Stack stack;
  stack.add_run({{{1, "a", "1"}, {2, "b", "1"}}, {{3, "c", "1"}}, {{8, "d", "1"}, {9, "e", "1"}}},
                true);
  stack.add_run({{{2, "b", "2"}, {8, "d", "2"}}});
  stack.lose(stack.table(0));

  CHECK(stack.purge({stack.table(0).file}) == "[1/a=1, end 9/e=1, end ] ");
}

TEST_CASE("a table below that has nothing to lose is not written again") {
  Stack stack;
  stack.add_run({{{1, "a", "1"}}, {{5, "e", "1"}}}, true);
  stack.add_run({{{1, "a", "2"}, {4, "d", "2"}, {6, "f", "2"}}});
  stack.damage_row(stack.table(0), 1);
  const TableSummary below = stack.table(1, 1);

  CHECK(stack.purge({stack.table(0).file}) == "[1/a=2, 6/f=2, end ] [1/a=1, end 5/e=1, end ] ");
  CHECK(stack.table(1, 1) == below);
}

TEST_CASE("two damaged tables, one below the other, are healed together") {
  Stack stack;
  stack.add_run({{{1, "a", "1"}, {2, "b", "1"}, {3, "c", "1"}}}, true);
  stack.add_run({{{1, "a", "2"}, {2, "b", "2"}, {3, "c", "2"}}});
  stack.add_run({{{1, "a", "3"}, {2, "b", "3"}}});
  stack.damage_row(stack.table(1), 0);
  stack.damage_row(stack.table(0), 1);

  CHECK(stack.purge({stack.table(0).file, stack.table(1).file}) ==
        "[1/a=3, end ] [3/c=2, end ] [3/c=1, end ] ");
}

TEST_CASE("a table below that is damaged too, and was not named, stops the purge") {
  Stack stack;
  stack.add_run({{{1, "a", "1"}, {2, "b", "1"}, {3, "c", "1"}}}, true);
  stack.add_run({{{1, "a", "2"}, {2, "b", "2"}}});
  stack.damage_row(stack.table(0), 1);
  stack.damage_row(stack.table(1), 2);
  const FileId below = stack.table(1).file;
  const size_t files = stack.files();

  CHECK(stack.purge({stack.table(0).file}) == "corrupt");
  CHECK(stack.damaged == below);
  CHECK(stack.files() == files);
}

TEST_CASE("damage beyond what was surveyed stops the purge") {
  Stack stack;
  stack.add_run({{{1, "a", "1"}, {2, "b", "1"}, {3, "c", "1"}}});
  stack.damage_row(stack.table(0), 0);
  const DamageMap known = stack.survey({stack.table(0).file});
  stack.damage_row(stack.table(0), 2);

  PurgeJob job(stack.factory, stack.version(), stack.slots, stack.state, known, stack.ids());
  base::Result<bool> is_done = false;
  while (is_done.is_ok() && !*is_done) is_done = job.step(1 << 20);

  CHECK(is_done.code() == Code::kCorrupt);
  CHECK(job.damaged() == stack.table(0).file);
  job.abandon();
}

TEST_CASE("rows that a sweep has moved on are left behind, though they can be read") {
  Stack stack;
  stack.add_run({{{1, "a", "2"}, {2, "b", "2"}}, {{6, "f", "1"}}}, true);
  RunState& swept = stack.add_run({{{1, "a", "2"}, {2, "b", "2"}, {6, "f", "2"}, {7, "g", "2"}}});
  swept.live_from = Token{5};
  stack.damage_row(stack.table(0), 2);
  CHECK(stack.purge({stack.table(0).file}) == "[7/g=2, end ] [1/a=2, 2/b=2, end ] ");
}

TEST_CASE("rows that a sweep has moved on are neither copied nor hide anything") {
  Stack stack;
  stack.add_run({{{1, "a", "2"}}, {{6, "f", "1"}, {7, "g", "1"}}}, true);
  RunState& swept = stack.add_run({{{1, "a", "2"}, {6, "f", "2"}, {7, "g", "2"}}});
  swept.live_from = Token{5};
  stack.damage_row(stack.table(0), 0);
  CHECK(stack.purge({stack.table(0).file}) ==
        "[6/f=2, 7/g=2, end ] [1/a=2, end 6/f=1, 7/g=1, end ] ");
}

TEST_CASE("the survey names the tokens of what cannot be read") {
  Stack stack;
  stack.add_run({{{1, "a", "1"}, {2, "b", "1"}, {3, "c", "1"}, {4, "d", "1"}}});
  stack.damage_row(stack.table(0), 1);
  stack.damage_row(stack.table(0), 3);

  const auto spans = survey_damage(*stack.slots.at(stack.table(0).file));

  CHECK(spans == std::vector<TokenSpan>{{Token{2}, Token{3}}, {Token{4}, Token{4}}});
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm::test
