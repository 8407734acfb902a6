// One story for each way to break a promise, and beside it those that only look so.
#include "history/check.h"

#include <doctest/doctest.h>

#include "story.h"

namespace distkv::history {
namespace {

using wire::Consistency;

TEST_SUITE_BEGIN("check of a history");

TEST_CASE("what one client writes and all read is well") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  story.get({2, 2, 3}, "a", "a");
  story.put('b', {1, 4, 5}, "ab", 0);
  story.get({2, 6, 7}, "ab", "b");

  CHECK(story.faults() == "");
}

// ---- lost

TEST_CASE("lost: the last read has not seen an acknowledged write") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  story.get({2, 8, 9}, "", "").is_final = true;

  CHECK(story.faults() == "lost ");
}

TEST_CASE("lost: a value is covered, not shown, and nothing can have superseded it") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  story.get({2, 2, 3}, "a", "");

  CHECK(story.faults() == "lost ");
}

TEST_CASE("lost: a sibling goes with a write whose context did not cover it") {
  Story story;
  story.get({3, 0, 1}, "", "");
  story.put('a', {1, 2, 3}, "a", 0);
  story.put('b', {2, 4, 5}, "b", 0);
  std::string shown = "ab";
  std::string expected;
  SUBCASE("both are there") {}
  SUBCASE("one is gone") {
    shown = "b";
    expected = "lost ";
  }
  story.get({3, 6, 7}, "ab", shown);

  CHECK(story.faults() == expected);
}

TEST_CASE("not lost: something may have superseded it") {
  Story story;
  story.put('a', {1, 0, 2}, "a");
  SUBCASE("a write with its context") {
    story.put('b', {2, 3, 4}, "ab", 0);
    story.get({3, 5, 6}, "ab", "b");
  }
  SUBCASE("such a write of unknown outcome") {
    story.put('b', {2, 3, 4}, "", 0).outcome = Outcome::kUnknown;
    story.get({3, 5, 6}, "ab", "b");
  }
  SUBCASE("a blind write at the same time, on whatever its replica held") {
    story.put('b', {2, 1, 3}, "ab");
    story.get({3, 5, 6}, "ab", "b");
  }
  SUBCASE("a blind delete") {
    story.remove({2, 3, 4}, "ab");
    story.get({3, 5, 6}, "ab", "");
  }
  SUBCASE("a write that begins before the read ends") {
    story.get({3, 3, 6}, "ab", "b");
    story.put('b', {2, 5, 7}, "ab", 0);
  }
  CHECK(story.faults() == "");
}

TEST_CASE("not lost: an earlier blind write of unknown outcome takes effect late") {
  Story story;
  story.put('b', {2, 0, 1}, "").outcome = Outcome::kUnknown;
  story.put('a', {1, 2, 3}, "a");
  story.get({3, 4, 5}, "ab", "b");

  CHECK(story.faults() == "");
}

TEST_CASE("not lost: an earlier blind write that was retried takes effect a second time") {
  Story story;
  std::string expected;
  Operation& earlier = story.put('b', {2, 0, 1}, "b");
  SUBCASE("retried") { earlier.may_repeat = true; }
  SUBCASE("sent once") { expected = "lost "; }
  story.put('a', {1, 2, 3}, "ab");
  story.get({3, 4, 5}, "abc", "b");

  CHECK(story.faults() == expected);
}

TEST_CASE("not lost: nobody promised it") {
  Story story;
  Operation& put = story.put('a', {1, 0, 1}, "a");
  SUBCASE("its outcome is unknown") { put.outcome = Outcome::kUnknown; }
  SUBCASE("it was refused") { put.outcome = Outcome::kRefused; }
  SUBCASE("it never returned") { put.returned_at.reset(); }
  SUBCASE("one replica had it, and the read asked a quorum") {
    put.consistency = Consistency::kOne;
  }
  story.get({2, 8, 9}, "", "").is_final = true;

  CHECK(story.faults() == "");
}

TEST_CASE("not lost: it has expired, or only the newest value was asked for") {
  Story story;
  SUBCASE("expired") {
    story.put('a', {1, 0, 1}, "a").expires = true;
    story.get({2, 2, 3}, "a", "");
  }
  SUBCASE("the newest alone") {
    story.put('a', {1, 0, 1}, "a");
    story.get({2, 2, 3}, "ab", "b").sibling_count = 2;
    story.put('b', {3, 0, 1}, "b");
  }
  CHECK(story.faults() == "");
}

// ---- stale

TEST_CASE("stale: a read has not seen what was acknowledged before it began") {
  Story story;
  std::string expected;
  SUBCASE("before") {
    story.put('a', {1, 0, 1}, "a");
    expected = "stale ";
  }
  SUBCASE("during") { story.put('a', {1, 0, 3}, "a"); }
  SUBCASE("at the same instant") { story.put('a', {1, 0, 2}, "a"); }
  SUBCASE("unknown") { story.put('a', {1, 0, 1}, "a").outcome = Outcome::kUnknown; }
  SUBCASE("a delete") {
    story.remove({1, 0, 1}, "a");
    expected = "stale ";
  }
  story.get({2, 2, 4}, "", "");

  CHECK(story.faults() == expected);
}

TEST_CASE("stale: the levels of write and read decide whether they must meet") {
  struct Row {
    Consistency write;
    Consistency read;
    bool do_meet;
  };
  for (const Row& row : {Row{Consistency::kOne, Consistency::kOne, false},
                         Row{Consistency::kOne, Consistency::kQuorum, false},
                         Row{Consistency::kOne, Consistency::kAll, true},
                         Row{Consistency::kQuorum, Consistency::kOne, false},
                         Row{Consistency::kQuorum, Consistency::kQuorum, true},
                         Row{Consistency::kAll, Consistency::kOne, true}}) {
    Story story;
    story.put('a', {1, 0, 1}, "a").consistency = row.write;
    story.get({2, 2, 3}, "", "").consistency = row.read;
    CAPTURE(name_of(row.write));
    CAPTURE(name_of(row.read));
    CHECK(story.faults() == (row.do_meet ? "stale " : ""));
  }
}

TEST_CASE("not stale: where a disk was lost or quorums do not meet, no order is promised") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  story.get({2, 2, 3}, "", "");

  CHECK(story.faults({.has_quorums = false}) == "");
  CHECK(story.faults({.keeps_disks = false}) == "");
}

TEST_CASE(
    "stale: a write at all is met by any read, whatever the quorums, unless a disk was lost") {
  for (const Consistency read : {Consistency::kOne, Consistency::kQuorum, Consistency::kAll}) {
    Story story;
    story.put('a', {1, 0, 1}, "a").consistency = Consistency::kAll;
    story.get({2, 2, 3}, "", "").consistency = read;

    CAPTURE(name_of(read));
    CHECK(story.faults({.has_quorums = false}) == "stale ");
    CHECK(story.faults({.keeps_disks = false}) == "");
  }
}

// ---- non-monotonic

TEST_CASE("non-monotonic: a read has not seen what an earlier one had seen") {
  Story story;
  story.put('a', {1, 0, 9}, "a").outcome = Outcome::kUnknown;
  story.get({2, 1, 2}, "a", "a");
  std::string expected;
  SUBCASE("began after it") {
    story.get({3, 3, 4}, "", "");
    expected = "non-monotonic ";
  }
  SUBCASE("at the same time") { story.get({3, 2, 4}, "", ""); }
  SUBCASE("at one") { story.get({3, 3, 4}, "", "").consistency = Consistency::kOne; }
  CHECK(story.faults() == expected);
  CHECK(story.faults({.has_quorums = false}) == expected);
  CHECK(story.faults({.is_monotonic = false}) == "");
  CHECK(story.faults({.keeps_disks = false}) == "");
}

// ---- session

TEST_CASE("session: a client does not read its own write, or less than it read before") {
  Story story;
  SUBCASE("its write") {
    story.put('a', {1, 0, 1}, "a");
    story.get({1, 2, 3}, "", "");
    CHECK(story.faults() == "session stale ");
  }
  SUBCASE("its read") {
    story.put('a', {2, 0, 9}, "a").outcome = Outcome::kUnknown;
    story.get({1, 1, 2}, "a", "a");
    story.get({1, 3, 4}, "", "");
    CHECK(story.faults() == "session non-monotonic ");
  }
  SUBCASE("at one no session is promised") {
    story.put('a', {1, 0, 1}, "a").consistency = Consistency::kOne;
    story.get({1, 2, 3}, "", "").consistency = Consistency::kOne;
    CHECK(story.faults() == "");
  }
}

TEST_CASE(
    "session: with a token, reads at one show what it wrote and read at one, disks lost or not") {
  const Promises none{false, false};
  for (const bool is_in_session : {true, false}) {
    Story written;
    written.put('a', {1, 0, 1}, "a").consistency = wire::Consistency::kOne;
    written.get({1, 2, 3}, "", "").consistency = wire::Consistency::kOne;
    Story read;
    read.put('a', {2, 0, 1}, "a").consistency = wire::Consistency::kOne;
    read.get({1, 2, 3}, "a", "a").consistency = wire::Consistency::kOne;
    read.get({1, 4, 5}, "", "").consistency = wire::Consistency::kOne;
    for (Story* story : {&written, &read}) {
      for (Operation& operation : story->operations()) operation.in_session = is_in_session;
      CHECK(story->faults() == (is_in_session ? "session " : ""));
      CHECK(story->faults(none) == (is_in_session ? "session " : ""));
    }
  }
}

TEST_CASE("not session: another client's token, or an operation outside of it") {
  Story story;
  story.put('a', {1, 0, 1}, "a").consistency = wire::Consistency::kOne;
  story.get({2, 2, 3}, "", "").consistency = wire::Consistency::kOne;
  story.operations()[0].in_session = true;
  story.operations()[1].in_session = true;
  CHECK(story.faults().empty());
  story.operations()[1].client = 1;
  CHECK(story.faults() == "session ");
  story.operations()[0].in_session = false;
  CHECK(story.faults().empty());
}

TEST_CASE("session: a receipt that does not cover its own write") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  story.put('b', {1, 2, 3}, "a", 0);

  CHECK(story.faults() == "session ");
}

// ---- resurrected

TEST_CASE("resurrected: a read shows what it has seen superseded") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  std::string shown = "ba";
  std::string expected = "resurrected ";
  SUBCASE("by a put with its context") { story.put('b', {2, 2, 3}, "ab", 0); }
  SUBCASE("by a delete with its context") {
    story.remove({2, 2, 3}, "ab", 0);
    shown = "a";
  }
  SUBCASE("by a put of unknown outcome that is shown beside it") {
    story.put('b', {2, 2, 3}, "", 0).outcome = Outcome::kUnknown;
  }
  SUBCASE("by a put that it has not seen: stale, not resurrected") {
    story.put('b', {2, 2, 3}, "ab", 0);
    shown = "a";
    expected = "stale ";
  }
  story.get({3, 4, 5}, expected == "stale " ? "a" : "ab", shown);

  CHECK(story.faults() == expected);
}

TEST_CASE("resurrected: at one too, since it is what a single replica knows") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  story.put('b', {2, 2, 3}, "ab", 0);
  story.get({3, 4, 5}, "ab", "ab").consistency = Consistency::kOne;

  CHECK(story.faults() == "resurrected ");
}

TEST_CASE("not resurrected: the two are concurrent") {
  Story story;
  story.get({3, 0, 1}, "", "");
  story.put('a', {1, 2, 3}, "a", 0);
  SUBCASE("a context from before") { story.put('b', {2, 4, 5}, "b", 0); }
  SUBCASE("a blind put whose replica did not hold the other") { story.put('b', {2, 4, 5}, "b"); }
  story.get({3, 6, 7}, "ab", "ab");

  CHECK(story.faults() == "");
}

TEST_CASE("not resurrected: a blind delete left what its replica did not hold") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  story.remove({2, 2, 3}, "b");
  story.get({3, 4, 5}, "ab", "a");

  CHECK(story.faults() == "");
}

TEST_CASE("not resurrected: a put that was sent twice is stored a second time") {
  Story story;
  story.put('a', {1, 0, 1}, "a").may_repeat = true;
  story.put('b', {2, 2, 3}, "ab", 0);
  story.get({3, 4, 5}, "abc", "ba");

  CHECK(story.faults() == "");
}

TEST_CASE("not resurrected: the write that superseded it was refused") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  story.put('b', {2, 2, 3}, "", 0).outcome = Outcome::kRefused;
  story.get({3, 4, 5}, "a", "a");

  CHECK(story.faults() == "");
}

TEST_CASE("not resurrected: a receipt that dropped old knowledge says no more than it says") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  story.put('b', {2, 2, 3}, "b", 0);
  story.get({3, 4, 5}, "ab", "ab");

  CHECK(story.faults() == "");
}

// ---- aborted, unwritten

TEST_CASE("aborted: a read shows a value whose put was refused") {
  Story story;
  Operation& put = story.put('a', {1, 0, 1}, "");
  std::string expected;
  SUBCASE("refused") {
    put.outcome = Outcome::kRefused;
    expected = "aborted ";
  }
  SUBCASE("unknown") { put.outcome = Outcome::kUnknown; }
  SUBCASE("never answered") {
    put.outcome = Outcome::kUnknown;
    put.returned_at.reset();
  }
  story.get({2, 2, 3}, "a", "a").consistency = Consistency::kOne;

  CHECK(story.faults() == expected);
}

TEST_CASE("unwritten: a read shows a value that nobody put, not yet, or elsewhere") {
  Story story;
  SUBCASE("nobody") { story.get({2, 2, 3}, "a", "a"); }
  SUBCASE("not yet") {
    story.get({2, 2, 3}, "a", "a");
    story.put('a', {1, 4, 5}, "a").outcome = Outcome::kUnknown;
  }
  SUBCASE("elsewhere") {
    story.put('a', {1, 0, 1}, "a").key = "another";
    story.get({2, 2, 3}, "a", "a");
  }
  CHECK(story.faults() == "unwritten ");
}

// ---- what is told of it

TEST_CASE("a violation names the key, the operations and what happened") {
  Story story;
  Operation& put = story.put('a', {1, 0, 1}, "a");
  put.node = "n1";
  story.get({2, 2, 3}, "", "").node = "n2";
  const Verdict verdict = check(story.history());

  REQUIRE(verdict.violations.size() == 1);
  const Violation& violation = verdict.violations.front();
  CHECK(violation.key == "key");
  CHECK(violation.operations == std::vector<size_t>{1, 0});
  CHECK(describe(violation, story.history()) ==
        "stale: has not seen a write that was acknowledged before it began: get key by client 2 "
        "through n2 at quorum, 2.000000 s to 3.000000 s, ok, found nothing; "
        "put of 'value of a' to key by "
        "client 1 through n1 at quorum without a context, 0.000000 s to 1.000000 s, ok");
  CHECK(property_of(violation.fault) == "P6");
}

TEST_CASE("more violations than the most told of are still counted") {
  Story story;
  story.put('a', {1, 0, 1}, "a");
  for (size_t i = 0; i < kViolationsMax + 5; ++i) story.get({2, 2, 3}, "", "");
  const Verdict verdict = check(story.history());

  CHECK(verdict.violations.size() == kViolationsMax);
  CHECK(verdict.count(Fault::kStale) == kViolationsMax + 5);
  CHECK(verdict.total() == kViolationsMax + 5);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::history
