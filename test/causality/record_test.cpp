#include "causality/record.h"

#include <doctest/doctest.h>

#include <utility>

namespace distkv::causality {
namespace {

using base::Code;

constexpr uint64_t kA = 1;
constexpr uint64_t kB = 2;
constexpr uint64_t kC = 3;

Dot dot(uint64_t actor, uint64_t counter) { return {base::ActorId(actor), base::Counter(counter)}; }

base::OpId op(uint64_t number) { return base::OpId(base::Id128{0, number}); }

base::WallTime at(int64_t milliseconds) {
  return base::WallTime(base::WallTime::duration(milliseconds));
}

// The outcome of a put that must succeed. The value names the dot.
PutOutcome write(const Record& record, uint64_t op_number, const Dot& minted,
                 const Context* context = nullptr) {
  Put request{.op_id = op(op_number), .value = "v" + std::to_string(minted.counter.value())};
  request.context = context;
  base::Result<PutOutcome> outcome = put(record, std::move(request), minted);
  REQUIRE(outcome.is_ok());
  return *outcome;
}

std::vector<Dot> dots_of(const Record& record) {
  std::vector<Dot> dots;
  for (const Version& version : record.versions) dots.push_back(version.dot);
  return dots;
}

using Dots = std::vector<Dot>;
const Context kNothing;

TEST_SUITE_BEGIN("record");

TEST_CASE("a put without a context supersedes what the minting replica holds") {
  const Record one = write({}, 1, dot(kA, 1)).record;
  const PutOutcome two = write(one, 2, dot(kA, 2));

  CHECK(dots_of(two.record) == Dots{dot(kA, 2)});
  CHECK(two.record.versions[0].value == "v2");
  CHECK(two.context == two.record.seen);
  CHECK_FALSE(two.is_repeat);
}

TEST_CASE("a put with a context supersedes exactly what the context covers") {
  const PutOutcome one = write({}, 1, dot(kA, 1));
  const PutOutcome two = write(one.record, 2, dot(kA, 2), &kNothing);
  CHECK(dots_of(two.record) == Dots{dot(kA, 1), dot(kA, 2)});

  const PutOutcome three = write(two.record, 3, dot(kA, 3), &one.context);
  CHECK(dots_of(three.record) == Dots{dot(kA, 2), dot(kA, 3)});
  const PutOutcome four = write(three.record, 4, dot(kA, 4), &three.record.seen);
  CHECK(dots_of(four.record) == Dots{dot(kA, 4)});
}

TEST_CASE("the context of a put never covers a sibling its client has not seen") {
  const PutOutcome one = write({}, 1, dot(kA, 1));
  const PutOutcome two = write(one.record, 2, dot(kA, 2), &kNothing);
  CHECK_FALSE(two.context.covers(dot(kA, 1)));
  CHECK(two.context.covers(dot(kA, 2)));

  const PutOutcome three = write(two.record, 3, dot(kA, 3), &two.context);
  CHECK(dots_of(three.record) == Dots{dot(kA, 1), dot(kA, 3)});
  CHECK_FALSE(three.context.covers(dot(kA, 1)));
}

TEST_CASE("a client writing on beside a sibling it ignores keeps a token of one span") {
  Record record = write({}, 1, dot(kA, 10)).record;
  Context context;
  for (uint64_t counter = 20; counter <= 2000; counter += 10) {
    PutOutcome outcome = write(record, counter, dot(kA, counter), &context);
    record = std::move(outcome.record);
    context = std::move(outcome.context);
  }
  CHECK(context.size() == 1);
  CHECK(context.covers(dot(kA, 20)));
  CHECK_FALSE(context.covers(dot(kA, 10)));
}

TEST_CASE("the token of two clients that write in turn without reading stays bounded") {
  Record record;
  Context contexts[2];
  uint64_t counter = 0;
  for (int turn = 0; turn < 500; ++turn) {
    counter += 10;
    Context& context = contexts[turn % 2];
    PutOutcome outcome = write(record, counter, dot(kA, counter), &context);
    record = std::move(outcome.record);
    context = std::move(outcome.context);
    CHECK(context.covers(dot(kA, counter)));
  }
  CHECK(contexts[0].spans().size() <= kReceiptSpansMax + 1);
  CHECK(dots_of(record).size() == 2);
}

TEST_CASE("a version that a context superseded before it arrived is dropped when it arrives") {
  const PutOutcome at_a = write({}, 1, dot(kA, 5));
  const PutOutcome beside = write(at_a.record, 2, dot(kA, 7), &kNothing);

  // B has seen neither; the client knows only the second.
  const PutOutcome at_b = write({}, 3, dot(kB, 1), &beside.context);
  CHECK(at_b.record.seen.covers(dot(kA, 7)));
  CHECK_FALSE(at_b.record.seen.covers(dot(kA, 5)));

  const Record merged = merge(at_b.record, beside.record);
  CHECK(dots_of(merged) == Dots{dot(kA, 5), dot(kB, 1)});
  CHECK(merged.seen.spans().empty());
}

TEST_CASE("two superseded dots of one actor stay superseded in every order of merges") {
  // One lone dot an actor would not do: the greater would hide the lesser, which has yet to arrive.
  const PutOutcome first = write({}, 1, dot(kA, 1));
  const PutOutcome second = write(first.record, 2, dot(kA, 2), &kNothing);
  const PutOutcome third = write(second.record, 3, dot(kA, 3), &second.context);
  Context only_third;
  only_third.add(third.dot);

  const Record x = write({}, 4, dot(kB, 1), &second.context).record;
  const Record y = write({}, 5, dot(kC, 1), &only_third).record;
  const Record z = second.record;
  CHECK(merge(merge(x, y), z) == merge(x, merge(y, z)));
  CHECK_FALSE(merge(merge(x, y), z).seen.is_empty());
  CHECK(dots_of(merge(merge(x, y), z)) == Dots{dot(kA, 1), dot(kB, 1), dot(kC, 1)});
}

TEST_CASE("concurrent puts at two replicas both survive, in either order of merging") {
  const Record base = write({}, 1, dot(kA, 1)).record;
  const Record a = write(base, 2, dot(kA, 2)).record;
  const Record b = write(base, 3, dot(kB, 1)).record;

  CHECK(dots_of(merge(a, b)) == Dots{dot(kA, 2), dot(kB, 1)});
  CHECK(merge(a, b) == merge(b, a));
  CHECK(merge(merge(a, b), base) == merge(a, b));
}

TEST_CASE("a record includes another exactly if merging it changes nothing") {
  const Record base = write({}, 1, dot(kA, 1)).record;
  const Record next = write(base, 2, dot(kA, 2)).record;
  const Record aside = write(base, 3, dot(kB, 1)).record;

  CHECK(includes(next, base));
  CHECK(includes(next, next));
  CHECK(includes(base, Record{}));
  CHECK_FALSE(includes(base, next));
  CHECK_FALSE(includes(next, aside));

  // Both have seen the same; only the other knows that (A, 1) is obsolete.
  Record stale{next.seen, {base.versions[0], next.versions[0]}};
  CHECK_FALSE(includes(stale, next));
  CHECK(includes(next, stale));
}

TEST_CASE("a retry at a replica that holds the write changes nothing and names the older dot") {
  const PutOutcome one = write({}, 1, dot(kA, 1));
  const PutOutcome again = write(one.record, 1, dot(kA, 2));
  CHECK(again.is_repeat);
  CHECK(again.record == one.record);
  CHECK(again.dot == one.dot);
  CHECK(again.context == one.context);

  const PutOutcome beside = write(one.record, 2, dot(kA, 3), &kNothing);
  const PutOutcome retry = write(beside.record, 2, dot(kA, 4), &kNothing);
  CHECK(retry.is_repeat);
  CHECK(retry.dot == dot(kA, 3));
  CHECK(retry.context == beside.context);
}

TEST_CASE("puts without an op id are never taken for retries") {
  const Record one = write({}, 0, dot(kA, 1)).record;
  const PutOutcome two = write(one, 0, dot(kA, 2), &kNothing);
  CHECK_FALSE(two.is_repeat);
  CHECK(siblings(two.record, at(1)).size() == 2);
}

TEST_CASE("a write minted twice reads as one sibling, and the next put joins the two") {
  const Record a = write({}, 1, dot(kA, 9)).record;
  const PutOutcome at_b = write({}, 1, dot(kB, 5));
  const Record both = merge(a, at_b.record);
  REQUIRE(dots_of(both).size() == 2);
  REQUIRE(siblings(both, at(1)).size() == 1);
  CHECK(siblings(both, at(1))[0]->dot == dot(kA, 9));

  // Whoever saw one of them saw the write.
  const PutOutcome next = write(both, 2, dot(kC, 1), &at_b.context);
  CHECK(dots_of(next.record) == Dots{dot(kC, 1)});
  // Whoever saw none leaves one.
  const PutOutcome blind = write(both, 3, dot(kC, 1), &kNothing);
  CHECK(dots_of(blind.record) == Dots{dot(kA, 9), dot(kC, 1)});
  CHECK(merge(blind.record, both) == blind.record);
}

TEST_CASE("a write minted twice merges the same in every order when one of the two is superseded") {
  const Record x = write({}, 1, dot(kA, 1)).record;
  const PutOutcome y = write({}, 1, dot(kB, 2));
  const Record z = write(y.record, 2, dot(kC, 3), &y.context).record;

  const Record left = merge(merge(x, y.record), z);
  CHECK(left == merge(x, merge(y.record, z)));
  CHECK(dots_of(left) == Dots{dot(kA, 1), dot(kC, 3)});
}

TEST_CASE("a put that would leave more siblings than allowed is refused and changes nothing") {
  Record record;
  for (uint64_t i = 1; i <= kSiblingsMax; ++i) {
    record = write(record, i, dot(kA, i), &kNothing).record;
  }
  const Put request{.op_id = op(99), .value = "", .context = &kNothing};
  CHECK(put(record, request, dot(kA, 99)).code() == Code::kTooManySiblings);
  CHECK(dots_of(write(record, 100, dot(kA, 100), &record.seen).record) == Dots{dot(kA, 100)});
}

TEST_CASE("a put with a context from the future, or a tombstone with a value, is refused") {
  Context future;
  future.add(dot(kA, 10));
  CHECK(put({}, {.op_id = op(1), .context = &future}, dot(kA, 10)).code() ==
        Code::kInvalidArgument);
  CHECK(put({}, {.op_id = op(1), .context = &future}, dot(kA, 11)).is_ok());
  CHECK(put({}, {.op_id = op(1), .is_tombstone = true, .value = "x"}, dot(kA, 1)).code() ==
        Code::kInvalidArgument);
}

TEST_CASE(
    "a write of its own that a store has yet to make, brought by a forged context, is an error") {
  Context forged;
  forged.add(dot(kA, 50));
  const Record at_b = write({}, 1, dot(kB, 1), &forged).record;
  CHECK(put(at_b, {.op_id = op(2)}, dot(kA, 50)).code() == Code::kCorrupt);
  CHECK(put(at_b, {.op_id = op(2)}, dot(kA, 51)).is_ok());
}

TEST_CASE("contexts cannot make a key's record grow without end") {
  Context crowd;
  for (uint64_t actor = 10; actor < 10 + kContextActorsMax; ++actor) {
    crowd.raise(dot(actor, 1));
  }
  const Record record = write({}, 1, dot(kA, 1), &crowd).record;
  Context stranger;
  stranger.raise(dot(5000, 1));
  CHECK(put(record, {.op_id = op(2), .context = &stranger}, dot(kA, 2)).code() ==
        Code::kInvalidArgument);
  CHECK(put(record, {.op_id = op(2), .context = &crowd}, dot(kA, 2)).is_ok());
  CHECK(put(record, {.op_id = op(2)}, dot(kA, 2)).is_ok());
}

TEST_CASE("a read answers the greatest counter, then the greatest actor, of what is alive") {
  Record record = write({}, 1, dot(kA, 7)).record;
  record = merge(record, write({}, 2, dot(kB, 9)).record);
  record = merge(record, write({}, 3, dot(kC, 9)).record);
  Put expiring{.op_id = op(4), .expires_at = at(100), .value = "brief"};
  expiring.context = &kNothing;
  record = put(record, expiring, dot(kC, 12))->record;

  CHECK(newest(record, at(99))->dot == dot(kC, 12));
  CHECK(newest(record, at(100))->dot == dot(kC, 9));
  const std::vector<const Version*> alive = siblings(record, at(100));
  REQUIRE(alive.size() == 3);
  CHECK(alive[0] == newest(record, at(100)));
  CHECK(alive[1]->dot == dot(kB, 9));
  CHECK(alive[2]->dot == dot(kA, 7));
}

TEST_CASE("a tombstone hides what it saw and nothing else, and an empty value is a value") {
  const PutOutcome one = write({}, 1, dot(kA, 1));
  const Put erase{.op_id = op(2), .is_tombstone = true, .value = "", .context = &one.context};
  const Record deleted = put(one.record, erase, dot(kA, 2))->record;
  CHECK(newest(deleted, at(1)) == nullptr);
  CHECK(siblings(deleted, at(1)).empty());
  CHECK(newest(Record{}, at(1)) == nullptr);

  const Record empty = put(deleted, {.op_id = op(3), .value = ""}, dot(kA, 3))->record;
  REQUIRE(newest(empty, at(1)) != nullptr);
  CHECK(newest(empty, at(1))->value.empty());

  const Record aside = write(one.record, 4, dot(kB, 1)).record;
  CHECK(newest(merge(deleted, aside), at(1))->dot == dot(kB, 1));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::causality
