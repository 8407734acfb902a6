// Legal histories at random are never accused; one lie in such a history is always told of.
#include <doctest/doctest.h>

#include <algorithm>

#include "history/check.h"
#include "model.h"

namespace distkv::history {
namespace {

constexpr uint64_t kSeeds = 300;
constexpr int kSteps = 150;

// The last read, and the two puts before it.
Operation& last_read(History& history) { return history.back(); }
const Operation& first_put(const History& history) { return history[history.size() - 3]; }
const Operation& second_put(const History& history) { return history[history.size() - 2]; }

void empty(Operation& read) {
  read.seen = {};
  read.values.clear();
  read.sibling_count = 0;
}

void show(Operation& read, const std::string& value) {
  read.values.push_back(value);
  ++read.sibling_count;
}

TEST_SUITE_BEGIN("check of random histories");

TEST_CASE("a legal history is never accused") {
  for (uint64_t seed = 1; seed <= 10 * kSeeds; ++seed) {
    const History history = Model(seed, seed % 4 != 0).run(kSteps);
    const Verdict verdict = check(history);
    CAPTURE(seed);
    REQUIRE_MESSAGE(verdict.total() == 0, describe(verdict.violations.front(), history));
  }
}

TEST_CASE("every single lie is told of, by its name") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    const History legal = Model(seed, true).run(kSteps);
    const auto found = [&legal](Fault fault, auto lie) {
      History history = legal;
      lie(history);
      return check(history).count(fault) > 0;
    };
    CHECK(found(Fault::kLost, [](History& history) { empty(last_read(history)); }));
    CHECK(found(Fault::kStale, [](History& history) {
      last_read(history).is_final = false;
      empty(last_read(history));
    }));
    CHECK(found(Fault::kSession, [](History& history) { empty(last_read(history)); }));
    CHECK(found(Fault::kUnwritten, [](History& history) { show(last_read(history), "none"); }));
    CHECK(found(Fault::kNonMonotonic, [](History& history) {
      Operation again = last_read(history);
      again.invoked_at = *again.returned_at + base::Duration(1);
      again.returned_at = again.invoked_at + base::Duration(1);
      empty(again);
      history.push_back(again);
    }));
    // Of a put that was stored once, by the put over it.
    CHECK(found(Fault::kResurrected,
                [](History& history) { show(last_read(history), first_put(history).value); }));
    CHECK(found(Fault::kAborted, [](History& history) {
      Operation refused = second_put(history);
      refused.value = "refused";
      refused.outcome = Outcome::kRefused;
      show(last_read(history), refused.value);
      history.push_back(refused);
    }));
  }
}

// With doubts about, an older write of unknown outcome may excuse a value that is gone.
TEST_CASE("without doubts a value that vanishes is lost, whatever the contexts say") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    History history = Model(seed, false).run(kSteps);
    std::erase(last_read(history).values, second_put(history).value);
    --last_read(history).sibling_count;

    CHECK(check(history).count(Fault::kLost) == 1);
  }
}

// In the middle of a history, among overlapping clients.
TEST_CASE("a read that goes back in time is caught wherever it stands") {
  uint64_t lies = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    History history = Model(seed, true).run(kSteps);
    const auto is_lie = [&](const Operation& read) {
      return read.is_read() && read.is_ok() && read.is_strict() &&
             std::any_of(history.begin(), history.end(), [&read](const Operation& other) {
               return other.is_ok() && other.is_strict() && !other.seen.is_empty() &&
                      *other.returned_at < read.invoked_at;
             });
    };
    const auto read = std::find_if(history.begin(), history.end(), is_lie);
    REQUIRE(read != history.end());
    ++lies;
    empty(*read);
    CHECK(check(history).total() > 0);
  }
  CHECK(lies == kSeeds);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::history
