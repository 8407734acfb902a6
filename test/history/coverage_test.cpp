#include "history/coverage.h"

#include <doctest/doctest.h>

#include "base/rng.h"

namespace distkv::history {
namespace {

using base::ActorId;
using base::Counter;
using causality::Dot;

causality::Span span(uint64_t store, uint64_t first, uint64_t last) {
  return {ActorId{store}, Counter{first}, Counter{last}};
}

Coverage of(std::initializer_list<causality::Span> spans) {
  Coverage coverage;
  for (const causality::Span& each : spans) coverage.add(each);
  return coverage;
}

TEST_SUITE_BEGIN("coverage");

TEST_CASE("stretches that touch or overlap are one, whatever their order") {
  CHECK(of({span(1, 4, 6), span(1, 1, 3)}) == of({span(1, 1, 6)}));
  CHECK(of({span(1, 1, 5), span(1, 2, 3)}) == of({span(1, 1, 5)}));
  CHECK_FALSE(of({span(1, 1, 3), span(1, 5, 6)}) == of({span(1, 1, 6)}));
  CHECK_FALSE(of({span(1, 1, 3), span(2, 4, 6)}) == of({span(1, 1, 6)}));
}

TEST_CASE("an entry of a context covers all up to it, a span what it names") {
  causality::Context context;
  context.raise({ActorId{1}, Counter{3}});
  context.add({ActorId{1}, Counter{5}});
  context.add({ActorId{2}, Counter{9}});
  const Coverage coverage(context);

  CHECK(coverage == of({span(1, 1, 3), span(1, 5, 5), span(2, 9, 9)}));
  CHECK(coverage.covers({ActorId{1}, Counter{2}}));
  CHECK_FALSE(coverage.covers({ActorId{1}, Counter{4}}));
  CHECK_FALSE(coverage.covers({ActorId{3}, Counter{1}}));
}

TEST_CASE("the heads are the newest of each store") {
  const std::vector<Dot> heads = of({span(1, 1, 3), span(1, 5, 6), span(2, 9, 9)}).heads();
  CHECK(heads == std::vector<Dot>{{ActorId{1}, Counter{6}}, {ActorId{2}, Counter{9}}});
}

TEST_CASE("merging and including agree with sets of dots") {
  base::Rng rng(7);
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    bool in[2][2][12] = {};
    Coverage coverages[2];
    for (int which = 0; which < 2; ++which) {
      for (uint64_t i = rng.below(5); i > 0; --i) {
        const uint64_t store = rng.below(2);
        const uint64_t first = rng.between(1, 10);
        const uint64_t last = rng.between(first, 11);
        coverages[which].add(span(store, first, last));
        for (uint64_t n = first; n <= last; ++n) in[which][store][n] = true;
      }
    }
    Coverage both = coverages[0];
    both.merge(coverages[1]);
    bool includes = true;
    for (uint64_t store = 0; store < 2; ++store) {
      for (uint64_t n = 1; n < 12; ++n) {
        const Dot dot{ActorId{store}, Counter{n}};
        CHECK(coverages[0].covers(dot) == in[0][store][n]);
        CHECK(both.covers(dot) == (in[0][store][n] || in[1][store][n]));
        includes = includes && (in[0][store][n] || !in[1][store][n]);
      }
    }
    CHECK(coverages[0].includes(coverages[1]) == includes);
    CHECK(both.includes(coverages[0]));
    CHECK(both.includes(coverages[1]));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::history
