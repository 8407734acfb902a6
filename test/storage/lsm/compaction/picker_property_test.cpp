// Random stores, options and damage: what is picked always fits, and picking always ends.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/rng.h"
#include "model.h"

namespace distkv::storage::lsm {
namespace {

using base::Rng;
using base::Token;

// Far more steps than any store below can need between two flushes.
constexpr int kStepsMax = 20000;

PickerOptions any_options(Rng& rng) {
  return {.fan_out = rng.below(7),
          .merge_ratio = 0.1 + static_cast<double>(rng.below(20)) / 10,
          .base_bytes_min = rng.chance(0.5) ? 0 : rng.below(1 << 22),
          .tombstone_ratio = 0.3,
          .stretch_bytes = uint64_t{1} << rng.between(10, 22)};
}

Reach any_reach(Rng& rng) {
  if (rng.chance(0.7)) return {};
  const uint64_t first = rng.chance(0.5) ? rng.below(3) : rng.next();
  const uint64_t width = rng.chance(0.3) ? rng.below(3) : rng.next();
  return {Token(first), Token(width > UINT64_MAX - first ? UINT64_MAX : first + width)};
}

void flush_any(Rng& rng, CompactionModel& model) {
  const uint64_t rows = 1 + rng.below(uint64_t{1} << rng.between(1, 14));
  const uint64_t tombstones = rng.chance(0.3) ? rng.below(rows + 1) : 0;
  const Space space = rng.chance(0.7) ? Space::kData : space_at(rng.below(kSpaces));
  model.flush(space, {rows, tombstones}, any_reach(rng));
}

const RunState* find_run(const StoreState& state, Space space, RunId id) {
  for (const auto& run : state.spaces[index_of(space)]) {
    if (run.id == id) return &run;
  }
  return nullptr;
}

bool is_damaged(const RunState& run, const std::set<FileId>& damaged, Token first, Token last) {
  return std::any_of(run.tables.begin(), run.tables.end(), [&](auto& table) {
    return damaged.contains(table.file) && table.first <= last && table.last >= first;
  });
}

void check_sound(const Merge& merge, const StoreState& state, const std::set<FileId>& damaged) {
  for (const auto id : merge.runs) {
    const auto* run = find_run(state, merge.space, id);
    REQUIRE(run != nullptr);
    CHECK_FALSE(is_damaged(*run, damaged, Token(0), Token(UINT64_MAX)));
  }
  const auto& oldest = state.spaces[index_of(merge.space)].back();
  if (merge.kind == Merge::Kind::kSweep && oldest.is_base) {
    CHECK_FALSE(is_damaged(oldest, damaged, merge.first, merge.last));
  }
}

// Merges until nothing is picked; the model checks that each fits. Answers whether that was soon.
bool settle(CompactionModel& model, const PickerOptions& options, const std::set<FileId>& damaged,
            int steps_max) {
  for (int step = 0; step < steps_max; ++step) {
    const auto merge = pick(model.state(), options, damaged);
    if (!merge) return true;
    check_sound(*merge, model.state(), damaged);
    model.run(*merge);
  }
  return false;
}

// Some tables go bad; those that went away are forgotten.
void damage_any(Rng& rng, const StoreState& state, std::set<FileId>& damaged) {
  std::set<FileId> there;
  for (const auto& runs : state.spaces) {
    for (const auto& run : runs) {
      for (const auto& table : run.tables) {
        if (damaged.contains(table.file) || rng.chance(0.01)) there.insert(table.file);
      }
    }
  }
  damaged = there;
}

TEST_SUITE_BEGIN("picker");

TEST_CASE("whatever is flushed, merges fit and come to an end") {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto options = any_options(rng);
    CompactionModel model({.keys = 20000, .row_bytes = 100, .table_bytes = 1 << 17});
    for (int i = 0; i < 60; ++i) {
      flush_any(rng, model);
      // Some flushes come while merges are still due.
      if (rng.chance(0.5)) {
        settle(model, options, {}, static_cast<int>(rng.below(5)));
      } else {
        REQUIRE(settle(model, options, {}, kStepsMax));
      }
    }
    REQUIRE(settle(model, options, {}, kStepsMax));
    const auto debt = debt_of(model.state(), options, {});
    CHECK(debt.runs == 0);
    CHECK(debt.bytes == 0);
  }
}

TEST_CASE("damaged files are never merged, and merging around them ends") {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto options = any_options(rng);
    std::set<FileId> damaged;
    CompactionModel model({.keys = 20000, .row_bytes = 100, .table_bytes = 1 << 17});
    for (int i = 0; i < 60; ++i) {
      flush_any(rng, model);
      settle(model, options, damaged, static_cast<int>(rng.below(5)));
      damage_any(rng, model.state(), damaged);
      REQUIRE(settle(model, options, damaged, kStepsMax));
    }
  }
}

TEST_CASE("a base under steady overwrites is not cut into ever smaller tables") {
  CompactionModel model({.keys = 200000, .row_bytes = 100, .table_bytes = 1 << 20});
  const PickerOptions options{.fan_out = 4,
                              .merge_ratio = 0.5,
                              .base_bytes_min = 0,
                              .debt_bytes_min = 0,
                              .stretch_bytes = 1 << 20};
  for (int i = 0; i < 500; ++i) {
    model.flush(Space::kData, {10000, 0}, {});
    REQUIRE(settle(model, options, {}, kStepsMax));
  }

  const auto& base = model.state().spaces[0].back();
  REQUIRE(base.is_base);
  CHECK(base.bytes() > (18 << 20));
  CHECK(base.tables.size() < 40);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
