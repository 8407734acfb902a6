#include "causality/context.h"

#include <doctest/doctest.h>

#include <set>

#include "base/rng.h"

namespace distkv::causality {
namespace {

Dot dot(uint64_t actor, uint64_t counter) { return {base::ActorId(actor), base::Counter(counter)}; }

Span span(uint64_t actor, uint64_t first, uint64_t last) {
  return {base::ActorId(actor), base::Counter(first), base::Counter(last)};
}

Context of(std::vector<Dot> vector, std::vector<Span> spans = {}) {
  std::optional<Context> context = Context::from_parts(std::move(vector), std::move(spans));
  REQUIRE(context.has_value());
  return *context;
}

TEST_SUITE_BEGIN("context");

TEST_CASE("a vector entry covers everything of its actor up to it, a lone dot only itself") {
  Context context;
  context.raise(dot(1, 10));
  context.add(dot(1, 15));

  CHECK(context.covers(dot(1, 1)));
  CHECK(context.covers(dot(1, 10)));
  CHECK_FALSE(context.covers(dot(1, 11)));
  CHECK(context.covers(dot(1, 15)));
  CHECK_FALSE(context.covers(dot(1, 16)));
  CHECK_FALSE(context.covers(dot(2, 1)));
  CHECK(context.entry(base::ActorId(1)) == base::Counter(10));
  CHECK(context.newest(base::ActorId(1)) == base::Counter(15));
  CHECK(context.newest(base::ActorId(2)) == base::Counter(0));
}

TEST_CASE("lone dots vanish when the vector covers them, and stay while it does not") {
  Context context;
  context.add(dot(1, 15));
  context.add(dot(1, 20));
  context.raise(dot(1, 17));

  CHECK(context == of({dot(1, 17)}, {span(1, 20, 20)}));
}

TEST_CASE("spans that touch become one, and one that touches the vector becomes part of it") {
  Context context;
  context.add_span(span(1, 5, 6));
  context.add_span(span(1, 9, 9));
  context.add_span(span(1, 7, 8));
  CHECK(context == of({}, {span(1, 5, 9)}));

  context.raise(dot(1, 4));
  CHECK(context == of({dot(1, 9)}));

  context.add(dot(2, 1));
  CHECK(context == of({dot(1, 9), dot(2, 1)}));
}

TEST_CASE("the greatest counter does not wrap") {
  Context context;
  context.add(dot(1, UINT64_MAX));
  context.add(dot(1, UINT64_MAX - 1));
  CHECK(context == of({}, {span(1, UINT64_MAX - 1, UINT64_MAX)}));
  CHECK(context.covers(dot(1, UINT64_MAX)));

  context.raise(dot(1, UINT64_MAX));
  context.add(dot(1, 3));
  CHECK(context == of({dot(1, UINT64_MAX)}));
}

TEST_CASE("merging is the union, also with itself") {
  Context a = of({dot(1, 5), dot(3, 9)}, {span(2, 8, 8)});
  const Context b = of({dot(1, 3), dot(2, 7)}, {span(1, 6, 8), span(3, 12, 12)});

  a.merge(b);
  CHECK(a == of({dot(1, 8), dot(2, 8), dot(3, 9)}, {span(3, 12, 12)}));
  a.merge(a);
  CHECK(a == of({dot(1, 8), dot(2, 8), dot(3, 9)}, {span(3, 12, 12)}));
}

TEST_CASE("a context in any form but the canonical one is refused") {
  const auto is_refused = [](std::vector<Dot> vector, std::vector<Span> spans) {
    return !Context::from_parts(std::move(vector), std::move(spans)).has_value();
  };
  CHECK(is_refused({dot(2, 1), dot(1, 1)}, {}));
  CHECK(is_refused({dot(1, 1), dot(1, 2)}, {}));
  CHECK(is_refused({dot(1, 0)}, {}));
  CHECK(is_refused({}, {span(1, 0, 4)}));
  CHECK(is_refused({}, {span(1, 1, 4)}));
  CHECK(is_refused({}, {span(1, 5, 4)}));
  CHECK(is_refused({}, {span(2, 5, 6), span(1, 5, 6)}));
  CHECK(is_refused({}, {span(1, 5, 6), span(1, 7, 8)}));
  CHECK(is_refused({}, {span(1, 5, 6), span(1, 5, 6)}));
  CHECK(is_refused({dot(1, 4)}, {span(1, 5, 6)}));
  CHECK(is_refused({dot(1, 9)}, {span(1, 5, 6)}));
}

TEST_CASE("the oldest spans are forgotten first, whatever their actor") {
  Context context = of({dot(4, 2)}, {span(1, 30, 30), span(2, 10, 10), span(3, 20, 40)});
  context.forget_oldest_spans(2);
  CHECK(context == of({dot(4, 2)}, {span(1, 30, 30), span(3, 20, 40)}));
}

// The oracle: the set itself, over a universe small enough to write down.
constexpr uint64_t kActors = 3;
constexpr uint64_t kCounters = 12;
using DotSet = std::set<Dot>;

struct Pair {
  Context context;
  DotSet dots;
};

Pair random_pair(base::Rng& rng) {
  Pair pair;
  const uint64_t steps = rng.below(6);
  for (uint64_t i = 0; i < steps; ++i) {
    const uint64_t actor = rng.between(1, kActors);
    const uint64_t last = rng.between(1, kCounters);
    uint64_t first = 1;
    if (rng.chance(0.3)) {
      pair.context.raise(dot(actor, last));
    } else {
      first = rng.between(1, last);
      pair.context.add_span(span(actor, first, last));
    }
    for (uint64_t counter = first; counter <= last; ++counter) {
      pair.dots.insert(dot(actor, counter));
    }
  }
  return pair;
}

void check_same(const Context& context, const DotSet& dots) {
  for (uint64_t actor = 1; actor <= kActors; ++actor) {
    for (uint64_t counter = 1; counter <= kCounters + 1; ++counter) {
      REQUIRE(context.covers(dot(actor, counter)) == dots.contains(dot(actor, counter)));
    }
  }
  REQUIRE(Context::from_parts(context.vector(), context.spans()) == context);
}

TEST_CASE("coverage, union, inclusion and equality agree with explicit sets") {
  constexpr uint64_t kSeed = 20261;
  CAPTURE(kSeed);
  base::Rng rng(kSeed);
  for (int round = 0; round < 20000; ++round) {
    CAPTURE(round);
    const Pair a = random_pair(rng);
    const Pair b = random_pair(rng);
    check_same(a.context, a.dots);

    Context merged = a.context;
    merged.merge(b.context);
    DotSet all = a.dots;
    all.insert(b.dots.begin(), b.dots.end());
    check_same(merged, all);

    REQUIRE((a.context == b.context) == (a.dots == b.dots));
    REQUIRE(a.context.includes(b.context) ==
            std::includes(a.dots.begin(), a.dots.end(), b.dots.begin(), b.dots.end()));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::causality
