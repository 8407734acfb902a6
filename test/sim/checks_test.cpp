#include "sim/checks.h"

#include <doctest/doctest.h>

#include "sim/oracle_fixture.h"

namespace distkv::sim {

using std::chrono::seconds;

namespace {

// Three writes: b superseded a; c is concurrent with both.
struct Bench : OracleFixture {
  Bench() {
    for (const char name : {'a', 'b', 'c'}) intend(name);
    mint('a', dot(1, 10));
    mint('b', dot(1, 11), "a");
    mint('c', dot(2, 5));
  }
  void read(const std::string& seen, const std::string& values, uint32_t siblings,
            bool wants_siblings = true) {
    ReadAnswer answer;
    answer.where = "a read";
    answer.key = kFixtureKey;
    answer.seen = set(seen);
    for (const char name : values) answer.values.push_back(value(name));
    answer.sibling_count = siblings;
    answer.wants_siblings = wants_siblings;
    answer.gone = gone;
    check_read(truth, answer, violations);
  }
  Operation& add(OperationKind kind, int begin, int end, const std::string& seen) {
    Operation operation;
    operation.kind = kind;
    operation.key = kFixtureKey;
    operation.client = static_cast<uint32_t>(history.size());
    operation.invoked_at = base::MonotonicTime(seconds(begin));
    operation.returned_at = base::MonotonicTime(seconds(end));
    operation.code = base::Code::kOk;
    operation.outcome = history::Outcome::kOk;
    operation.covered = set(seen);
    history.push_back(operation);
    return history.back();
  }
  Operation& put_at(int begin, int end, char name) {
    Operation& put = add(OperationKind::kPut, begin, end, std::string(1, name));
    put.op_id = op_id(name);
    return put;
  }
  DotSet gone;  // Collected before the reads.
  History history;
};

}  // namespace

TEST_SUITE_BEGIN("checks");

TEST_CASE("a read that returns exactly what is alive among all it has seen is well") {
  Bench bench;
  bench.read("abc", "bc", 2);
  bench.read("ab", "b", 1);
  bench.read("abc", "b", 2, false);
  bench.read("", "", 0);
  CHECK(bench.broken() == "");
}

TEST_CASE("P0: a value from nowhere is caught") {
  Bench bench;
  bench.read("a", "z", 1);
  CHECK(bench.broken() == "P0 P3 ");
}

TEST_CASE("P3: a superseded value, or one outside the context, is caught") {
  Bench bench;
  SUBCASE("superseded") { bench.read("ab", "a", 1, false); }
  SUBCASE("outside") { bench.read("b", "c", 1, false); }
  CHECK(bench.broken() == "P3 ");
}

TEST_CASE("P3: a missing sibling is caught, by name and by count") {
  Bench bench;
  bench.read("abc", "b", 1);
  CHECK(bench.broken() == "P4 P3 ");
}

TEST_CASE("P4: one value twice is caught") {
  Bench bench;
  bench.read("abc", "bcc", 3);
  CHECK(bench.broken() == "P4 P4 ");
}

TEST_CASE("P2: a value that was collected is caught, unless a retry wrote it once more since") {
  for (const bool is_written_again : {false, true}) {
    Bench bench;
    bench.gone = bench.set("c");
    if (is_written_again) bench.mint('c', Bench::dot(2, 6));
    bench.read("bc", "bc", 2);
    CHECK(bench.broken() == (is_written_again ? "" : "P2 P3 P4 "));
  }
}

TEST_CASE("what was collected while a read was under way may be in its answer or not") {
  for (const std::string shown : {"bc", "b"}) {
    Bench bench;
    bench.truth.key(kFixtureKey).collect(MachineIndex{1}, bench.set("c"));
    bench.read("bc", shown, static_cast<uint32_t>(shown.size()));
    CHECK(bench.broken() == "");
  }
}

TEST_CASE("P4: a plain read answers the greatest counter") {
  Bench bench;
  bench.read("abc", "c", 2, false);
  CHECK(bench.broken() == "P4 ");
}

TEST_CASE("P3: a receipt covers its write and its context, and nothing alive beside them") {
  Bench bench;
  PutAnswer answer;
  answer.key = kFixtureKey;
  answer.op_id = Bench::op_id('b');
  answer.context = bench.set("a");
  std::string expected;
  SUBCASE("exactly") { answer.seen = bench.set("ab"); }
  SUBCASE("a sibling that its client never saw") {
    answer.seen = bench.set("abc");
    expected = "P3 ";
  }
  SUBCASE("not even itself") {
    answer.seen = bench.set("a");
    expected = "P8 ";
  }
  check_receipt(bench.truth, answer, bench.violations);
  CHECK(bench.broken() == expected);
}

TEST_CASE("P9: a refused write that was stored is caught; one with unknown outcome is not") {
  Bench bench;
  Operation& put = bench.put_at(0, 1, 'c');
  put.code = base::Code::kUnknownOutcome;
  std::string expected;
  SUBCASE("unknown") {}
  SUBCASE("rejected") {
    put.code = base::Code::kRejected;
    expected = "P9 ";
  }
  SUBCASE("overloaded") {
    put.code = base::Code::kOverloaded;
    expected = "P9 ";
  }
  check_refusals(bench.truth, bench.history, bench.violations);
  CHECK(bench.broken() == expected);
}

TEST_CASE("P1: an acknowledged write that the converged record does not cover is lost") {
  Bench bench;
  Operation& put = bench.put_at(0, 1, 'c');
  std::string expected = "P1 ";
  std::string seen = "ab";
  bool has_wiped = false;
  SUBCASE("not covered") {}
  SUBCASE("covered") {
    seen = "abc";
    expected = "";
  }
  SUBCASE("covered, but stored nowhere") {
    seen = "abc";
    bench.truth.key(kFixtureKey).mint(2).was_lost = true;
  }
  SUBCASE("covered, stored nowhere any more, but superseded by a write that is") {
    seen = "abcd";
    bench.mint('d', Bench::dot(9, 9), "c");
    bench.truth.key(kFixtureKey).mint(2).was_lost = true;
    expected = "";
  }
  SUBCASE("acknowledged by one disk, and a disk was lost") {
    put.consistency = wire::Consistency::kOne;
    has_wiped = true;
    expected = "";
  }
  check_durability(bench.truth, bench.history, kFixtureKey, bench.set(seen), has_wiped,
                   bench.violations);
  CHECK(bench.broken() == expected);
}

TEST_CASE("P5: replicas that differ in one byte have not converged") {
  Bench bench;
  check_convergence(kFixtureKey, {{"n1", "meta", "v"}, {"n2", "meta", "v"}}, bench.violations);
  CHECK(bench.broken() == "");
  check_convergence(kFixtureKey, {{"n1", "meta", "v"}, {"n2", "meta", "w"}}, bench.violations);
  CHECK(bench.broken() == "P5 ");
}
TEST_SUITE_END();

}  // namespace distkv::sim
