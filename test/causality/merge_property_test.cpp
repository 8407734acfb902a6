#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "causality/history.h"

namespace distkv::causality {
namespace {

// Each seed is one history; a failure prints its seed, and `History(seed)` replays it.
constexpr uint64_t kSeeds = 300;
constexpr int kSteps = 60;
constexpr int kTriples = 100;

History history_of(uint64_t seed) {
  History history(seed);
  for (int i = 0; i < kSteps; ++i) history.step();
  return history;
}

const Sample& any(const History& history, base::Rng& rng) {
  return history.samples()[rng.below(history.samples().size())];
}

TEST_SUITE_BEGIN("merge properties");

TEST_CASE("records and tokens agree with explicit sets of dots; nothing is lost, nothing doubled") {
  size_t siblings = 0;
  size_t twins = 0;
  size_t lone_spans = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    const History history = history_of(seed);
    siblings = std::max(siblings, history.siblings_most());
    twins += history.twins_met();
    lone_spans += history.lone_spans_met();
  }
  // The histories reach the states they are for.
  CHECK(siblings > 4);
  CHECK(twins > kSeeds);
  CHECK(lone_spans > kSeeds);
}

TEST_CASE("merge is commutative, associative and idempotent over reachable records") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    const History history = history_of(seed);
    base::Rng rng(seed);
    for (int i = 0; i < kTriples; ++i) {
      CAPTURE(i);
      const Record& a = any(history, rng).record;
      const Record& b = any(history, rng).record;
      const Record& c = any(history, rng).record;
      const Record ab = merge(a, b);

      REQUIRE(merge(a, a) == a);
      REQUIRE(ab == merge(b, a));
      REQUIRE(merge(ab, b) == ab);
      REQUIRE(merge(ab, c) == merge(a, merge(b, c)));
      REQUIRE(merge(Record(a), Record(b)) == ab);
    }
  }
}

TEST_CASE("a merge of any two reachable records means what the merge of their sets means") {
  for (uint64_t seed = 1; seed <= kSeeds / 3; ++seed) {
    CAPTURE(seed);
    const History history = history_of(seed);
    base::Rng rng(seed);
    for (int i = 0; i < kTriples; ++i) {
      CAPTURE(i);
      const Sample& a = any(history, rng);
      const Sample& b = any(history, rng);
      Sample merged = History::merge_of(a, b);
      merged.record = merge(a.record, b.record);
      history.check(merged);
    }
  }
}

TEST_CASE("a record includes another exactly if merging it changes nothing") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    const History history = history_of(seed);
    base::Rng rng(seed);
    for (int i = 0; i < kTriples; ++i) {
      CAPTURE(i);
      const Record& a = any(history, rng).record;
      const Record& b = any(history, rng).record;
      // The general merge, with its short cuts out of the way, is the yardstick.
      Record merged = a;
      merged.seen.merge(b.seen);
      std::erase_if(merged.versions, [&b](const Version& version) {
        return b.seen.covers(version.dot) &&
               std::find(b.versions.begin(), b.versions.end(), version) == b.versions.end();
      });
      REQUIRE(includes(a, b) == (merged == a));
      REQUIRE(includes(merge(a, b), a));
      REQUIRE(includes(merge(a, b), b));
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::causality
