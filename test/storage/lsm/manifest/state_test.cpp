#include "storage/lsm/manifest/state.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "states.h"

namespace distkv::storage::lsm {
namespace {

using base::Code;
using base::Token;

std::vector<RunState>& data_of(StoreState& state) { return state.spaces[index_of(Space::kData)]; }

// The edit is refused for this reason, and the state is as it was.
void check_refused(const Edit& edit, const StoreState& state, const std::string& reason) {
  StoreState tried = state;
  const auto status = apply(edit, tried);
  CHECK(status.code() == Code::kCorrupt);
  CHECK_MESSAGE(status.message().find(reason) != std::string::npos, status.message());
  CHECK(tried == state);
}

Edit put_of(const StoreState& state, RunState run, std::vector<RunId> replaces = {}) {
  Edit edit = edit_of(state);
  edit.puts.push_back({.run = std::move(run), .replaces = std::move(replaces)});
  return edit;
}

TEST_SUITE_BEGIN("state");

TEST_CASE("the sample is sound, and so is an empty state") {
  CHECK(check(sample_state()).is_ok());
  CHECK(check(StoreState()).is_ok());
}

TEST_CASE("a flushed run comes on top and moves the log's floor") {
  auto state = sample_state();
  auto edit = put_of(state, run_of(10, 0, {table_of(20, {1, 2})}));
  edit.next_file = FileId(21);
  edit.next_run = RunId(11);
  edit.flushed = Sequence(800);
  edit.log_floor = SegmentNumber(4);

  REQUIRE(apply(edit, state).is_ok());

  CHECK(data_of(state).front() == edit.puts[0].run);
  CHECK(state.flushed == Sequence(800));
  CHECK(state.log_floor == SegmentNumber(4));
  CHECK(state.next_file == FileId(21));
}

TEST_CASE("a merged run stands where the oldest of those it replaces stood") {
  auto state = sample_state();
  const auto before = state;

  REQUIRE(apply(put_of(state, run_of(9, 1, {table_of(19, {0, 950})}), {RunId(4), RunId(3)}), state)
              .is_ok());

  REQUIRE(data_of(state).size() == 3);
  CHECK(data_of(state)[0].id == RunId(9));
  CHECK(dropped_files(before, state) == std::vector{FileId(13), FileId(14)});
}

TEST_CASE("merging everything into a base replaces the base") {
  auto state = sample_state();

  REQUIRE(apply(put_of(state, base_of(9, {table_of(19, {0, 950})}),
                       {RunId(4), RunId(3), RunId(2), RunId(1)}),
                state)
              .is_ok());

  REQUIRE(data_of(state).size() == 1);
  CHECK(data_of(state)[0].is_base);
}

TEST_CASE("runs that merged to nothing go without a successor") {
  auto state = sample_state();

  REQUIRE(apply(put_of(state, run_of(9, 1, {}), {RunId(4), RunId(3)}), state).is_ok());

  CHECK(data_of(state).front().id == RunId(2));
}

TEST_CASE("the first base comes at the bottom") {
  auto state = sample_state();
  data_of(state).pop_back();

  REQUIRE(apply(put_of(state, base_of(9, {table_of(19, {0, 950})})), state).is_ok());

  CHECK(data_of(state).back().id == RunId(9));
}

TEST_CASE("a sweep moves stretch by stretch and takes its runs away at the end") {
  auto state = sample_state();

  REQUIRE(apply(sweep_of(state, {0, 499}, {table_of(17, {0, 480})}), state).is_ok());
  REQUIRE(data_of(state).size() == 4);
  CHECK(data_of(state)[1].live_from == Token(500));
  CHECK(data_of(state)[1].tables.size() == 1);  // Straddles 500.
  CHECK(data_of(state)[2].live_from == Token(500));
  CHECK(data_of(state)[2].tables == std::vector{table_of(12, {500, 1000})});
  CHECK(data_of(state)[3].tables == std::vector{table_of(17, {0, 480}), table_of(2, {520, 990})});

  const auto rest = sweep_of(state, {500, UINT64_MAX}, {table_of(18, {500, 1000})});
  REQUIRE(apply(rest, state).is_ok());
  REQUIRE(data_of(state).size() == 2);
  CHECK(data_of(state)[0].id == RunId(4));
  CHECK(data_of(state)[1].tables == std::vector{table_of(17, {0, 480}), table_of(18, {500, 1000})});
}

TEST_CASE("a sweep of a space without a base makes one, even an empty one") {
  auto state = sample_state();
  data_of(state).pop_back();
  auto edit = sweep_of(state, {0, UINT64_MAX}, {});
  edit.sweep->base = RunId(9);

  REQUIRE(apply(edit, state).is_ok());

  REQUIRE(data_of(state).size() == 2);
  CHECK(data_of(state)[1].is_base);
  CHECK(data_of(state)[1].tables.empty());
}

TEST_CASE("a swept run goes as soon as nothing of it is live") {
  auto state = sample_state();

  REQUIRE(apply(sweep_of(state, {0, 995}, {}), state).is_ok());
  REQUIRE(data_of(state).size() == 3);
  CHECK(data_of(state)[1].id == RunId(2));

  auto rest = sweep_of(state, {996, 1000}, {table_of(18, {1000, 1000})});
  rest.sweep->swept = {RunId(2)};
  REQUIRE(apply(rest, state).is_ok());
  CHECK(data_of(state).size() == 2);
}

TEST_CASE("a stretch may keep tables of the base as they are") {
  auto state = sample_state();
  const auto before = state;

  REQUIRE(apply(sweep_of(state, {0, 499}, {table_of(1, {10, 480})}), state).is_ok());

  CHECK(dropped_files(before, state) == std::vector{FileId(11)});
}

TEST_CASE("numbers never go back") {
  const auto state = sample_state();
  auto edit = edit_of(state);
  edit.next_file = FileId(19);
  edit.next_run = RunId(9);
  auto same = state;
  CHECK(apply(edit, same).is_ok());
  CHECK(same == state);

  edit = edit_of(state);
  edit.flushed = Sequence(699);
  check_refused(edit, state, "flushed");
  edit = edit_of(state);
  edit.log_floor = SegmentNumber(2);
  check_refused(edit, state, "floor");
}

TEST_CASE("a put that contradicts the state is refused") {
  const auto state = sample_state();
  const auto fresh = [](uint8_t level) { return run_of(9, level, {table_of(19, {0, 9})}); };

  check_refused(put_of(state, fresh(0), {RunId(8)}), state, "run 8 is not there");
  check_refused(put_of(state, fresh(0), {RunId(4), RunId(2)}), state, "run 2 is not the next");
  check_refused(put_of(state, fresh(0), {RunId(3), RunId(4)}), state, "run 4 is not the next");
  check_refused(put_of(state, fresh(1), {RunId(1), RunId(2)}), state, "more runs");
  check_refused(put_of(state, fresh(1), {RunId(2), RunId(1)}), state, "base is merged into");
  check_refused(put_of(state, fresh(1)), state, "lower level");
  check_refused(put_of(state, base_of(9, {table_of(19, {0, 9})})), state, "a base already");
  check_refused(put_of(state, base_of(9, {table_of(19, {0, 9})}), {RunId(3), RunId(2)}), state,
                "older than the base");
  check_refused(put_of(state, run_of(9, 0, {})), state, "no table");
  check_refused(put_of(state, run_of(4, 0, {table_of(19, {0, 9})})), state, "run 4 is there twice");
  check_refused(put_of(state, run_of(10, 0, {table_of(19, {0, 9})})), state, "run 10 was never");
  check_refused(put_of(state, run_of(9, 0, {table_of(20, {0, 9})})), state, "table 20 was never");
  check_refused(put_of(state, run_of(9, 0, {table_of(15, {0, 9})})), state, "table 15 is there");
  check_refused(put_of(state, run_of(9, 0, {table_of(19, {9, 0})})), state, "ends before it");
  check_refused(put_of(state, run_of(9, 0, {table_of(18, {0, 9}), table_of(19, {9, 12})})), state,
                "overlaps");
  check_refused(put_of(state, run_of(9, 0, {table_of(19, {0, 9}, Space::kHints)})), state,
                "another space");
  auto swept = fresh(0);
  swept.live_from = Token(5);
  check_refused(put_of(state, swept), state, "in a sweep already");
  auto nowhere = put_of(state, fresh(0));
  nowhere.puts[0].space = static_cast<Space>(9);
  check_refused(nowhere, state, "unknown space");
}

// A table of the data space gives way.
Edit swap_of(const StoreState& state, uint64_t old, std::vector<TableSummary> with) {
  Edit edit = edit_of(state);
  edit.swaps.push_back({.old = FileId(old), .with = std::move(with)});
  return edit;
}

TEST_CASE("a table gives way to others within its bounds, in its place") {
  auto state = sample_state();
  const auto before = state;

  REQUIRE(
      apply(swap_of(state, 11, {table_of(17, {0, 30}), table_of(18, {60, 400})}), state).is_ok());

  CHECK(data_of(state)[2].tables ==
        std::vector{table_of(17, {0, 30}), table_of(18, {60, 400}), table_of(12, {500, 1000})});
  CHECK(dropped_files(before, state) == std::vector{FileId(11)});
}

TEST_CASE("a run left without tables goes, a base stays") {
  auto state = sample_state();
  auto edit = swap_of(state, 14, {});
  edit.swaps.push_back({.old = FileId(1), .with = {}});
  edit.swaps.push_back({.old = FileId(2), .with = {}});

  REQUIRE(apply(edit, state).is_ok());

  REQUIRE(data_of(state).size() == 3);
  CHECK(data_of(state).front().id == RunId(3));
  CHECK(data_of(state).back() == base_of(1, {}));
}

TEST_CASE("tables of a run in a sweep and of its base are replaced too") {
  auto state = sample_state();
  REQUIRE(apply(sweep_of(state, {0, 499}, {table_of(17, {0, 480})}), state).is_ok());

  auto edit = swap_of(state, 13, {table_of(18, {500, 940})});
  edit.swaps.push_back({.old = FileId(2), .with = {table_of(19, {600, 610})}});
  REQUIRE(apply(edit, state).is_ok());

  CHECK(data_of(state)[1].tables == std::vector{table_of(18, {500, 940})});
  CHECK(data_of(state)[1].live_from == Token(500));
  CHECK(data_of(state).back().tables ==
        std::vector{table_of(17, {0, 480}), table_of(19, {600, 610})});
}

TEST_CASE("a swap that contradicts the state is refused") {
  const auto state = sample_state();
  check_refused(swap_of(state, 16, {}), state, "table 16 is not there to be replaced");
  check_refused(swap_of(state, 15, {}), state, "table 15 is not there");
  check_refused(swap_of(state, 1, {table_of(17, {9, 20})}), state, "leaves the bounds of 1");
  check_refused(swap_of(state, 1, {table_of(17, {10, 481})}), state, "leaves the bounds of 1");
  check_refused(swap_of(state, 1, {table_of(17, {10, 30}), table_of(18, {30, 40})}), state,
                "overlaps");
  check_refused(swap_of(state, 1, {table_of(20, {10, 30})}), state, "never given");
  check_refused(swap_of(state, 1, {table_of(2, {10, 30})}), state, "there twice");

  auto swept = state;
  REQUIRE(apply(sweep_of(state, {0, 499}, {table_of(17, {0, 480})}), swept).is_ok());
  check_refused(swap_of(swept, 13, {table_of(18, {5, 400})}), swept, "ends before its run is live");
}

TEST_CASE("a table that cannot be is refused") {
  const auto state = sample_state();
  auto table = table_of(19, {0, 9});
  table.tombstones = table.rows + 1;
  check_refused(put_of(state, run_of(9, 0, {table})), state, "more tombstones");
  table = table_of(19, {0, 9});
  table.rows = 0;
  check_refused(put_of(state, run_of(9, 0, {table})), state, "is empty");
}

TEST_CASE("a sweep that contradicts the state is refused") {
  const auto state = sample_state();
  const auto with = [&](const std::function<void(Edit::Sweep&)>& change) {
    auto edit = sweep_of(state, {0, 499}, {table_of(17, {0, 480})});
    change(*edit.sweep);
    return edit;
  };

  check_refused(with([](auto& s) { s.swept = {}; }), state, "without runs");
  check_refused(with([](auto& s) { s.swept = {RunId(3)}; }), state, "run 2 is left out below");
  check_refused(with([](auto& s) { s.swept = {RunId(2), RunId(1)}; }), state, "into itself");
  check_refused(with([](auto& s) { s.first = Token(5); }), state, "does not start where");
  check_refused(with([](auto& s) { s.base = RunId(9); }), state, "run 9 is not the base");
  check_refused(with([](auto& s) { s.last = Token(479); }), state, "leaves its stretch");
  check_refused(with([](auto& s) { s.last = Token(600); }), state, "cuts table 2");
  check_refused(with([](auto& s) { s.space = static_cast<Space>(0); }), state, "unknown space");
}

TEST_CASE("a sweep that has begun goes on with its own runs, where it ended") {
  auto state = sample_state();
  REQUIRE(apply(sweep_of(state, {0, 499}, {table_of(17, {0, 480})}), state).is_ok());

  auto edit = sweep_of(state, {500, UINT64_MAX}, {});
  edit.sweep->swept = {RunId(2)};
  check_refused(edit, state, "run 3 is left out of its sweep");
  edit.sweep->swept = {RunId(4), RunId(3), RunId(2)};
  check_refused(edit, state, "where run 4 is live from");
  check_refused(sweep_of(state, {501, UINT64_MAX}, {}), state, "does not start where");
  check_refused(sweep_of(state, {0, UINT64_MAX}, {}), state, "does not start where");
  check_refused(put_of(state, run_of(9, 1, {table_of(19, {0, 9})}), {RunId(3), RunId(2)}), state,
                "run 3 is in a sweep");
}

TEST_CASE("a stretch that cuts a table at its start is refused") {
  auto state = sample_state();
  data_of(state)[1].live_from = data_of(state)[2].live_from = Token(500);
  data_of(state)[2].tables.erase(data_of(state)[2].tables.begin());
  data_of(state)[3].tables = {table_of(1, {10, 600})};
  REQUIRE(check(state).is_ok());

  check_refused(sweep_of(state, {500, UINT64_MAX}, {}), state, "cuts table 1");
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
