#include "sim/replica_watch.h"

#include <doctest/doctest.h>

#include "sim/oracle_fixture.h"

namespace distkv::sim {

namespace {
struct Bench : OracleFixture {
  ReplicaWatch n1{MachineIndex{1}, truth, violations, trace};
  ReplicaWatch n2{MachineIndex{2}, truth, violations, trace};
  const causality::Dot a = dot(1, 10);
  const causality::Dot b = dot(2, 20);
};
}  // namespace

TEST_SUITE_BEGIN("replica watch");

TEST_CASE("concurrent puts that both survive a merge are well") {
  Bench bench;
  bench.intend('a');
  bench.intend('b');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.n2.on_write(1, Bench::write({bench.b}, {Bench::version('b', bench.b)}));

  bench.n1.on_write(2, Bench::write({bench.a, bench.b},
                                    {Bench::version('a', bench.a), Bench::version('b', bench.b)}));

  CHECK(bench.broken() == "");
}

TEST_CASE("P3: a merge that drops a concurrent put is caught") {
  Bench bench;
  bench.intend('a');
  bench.intend('b');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.n2.on_write(1, Bench::write({bench.b}, {Bench::version('b', bench.b)}));

  bench.n1.on_write(2, Bench::write({bench.a, bench.b}, {Bench::version('b', bench.b)}));

  CHECK(bench.broken() == "P3 ");
}

TEST_CASE("a put with the context of a read may drop what that read showed") {
  Bench bench;
  bench.intend('a');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.intend('b', "a");

  bench.n2.on_write(1, Bench::write({bench.a, bench.b}, {Bench::version('b', bench.b)}));

  CHECK(bench.broken() == "");
}

TEST_CASE("what a put superseded may stay where its client was not told of it") {
  for (const bool was_told : {true, false}) {
    Bench bench;
    bench.intend('a');
    bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
    bench.n2.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
    bench.intend('b', "a");
    bench.n1.on_write(2, Bench::write({bench.a, bench.b}, {Bench::version('b', bench.b)}));
    bench.truth.key(kFixtureKey).mint(1).has_partial_receipt = !was_told;

    bench.n2.on_write(2, Bench::write({bench.a, bench.b}, {Bench::version('a', bench.a)}));

    // The write itself is missing there, which nothing superseded: that is told in any case.
    CHECK(bench.broken() == (was_told ? "P3 P4 " : "P3 "));
  }
}

TEST_CASE("P4: what a put's context covered must be gone beside it") {
  Bench bench;
  bench.intend('a');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.intend('b', "a");

  bench.n1.on_write(2, Bench::write({bench.a, bench.b},
                                    {Bench::version('a', bench.a), Bench::version('b', bench.b)}));

  CHECK(bench.broken() == "P4 ");
}

TEST_CASE("a blind put supersedes what its replica held, and P3 what only others held") {
  Bench bench;
  bench.intend('a');
  bench.intend('b');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  const causality::Dot next = Bench::dot(1, 11);

  SUBCASE("held here") {
    bench.n1.on_write(2, Bench::write({next}, {Bench::version('b', next)}));
    CHECK(bench.broken() == "");
  }
  SUBCASE("held elsewhere") {
    bench.n2.on_write(1, Bench::write({bench.a, bench.b}, {Bench::version('b', bench.b)}));
    CHECK(bench.broken() == "P3 ");
  }
}

TEST_CASE("P3: a counter that does not grow, or a dot that names two operations, is caught") {
  Bench bench;
  bench.intend('a');
  bench.intend('b');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));

  SUBCASE("counter") {
    const causality::Dot older = Bench::dot(1, 9);
    bench.n1.on_write(2, Bench::write({bench.a}, {Bench::version('b', older)}));
    CHECK(bench.broken() == "P3 ");
  }
  SUBCASE("dot") {
    bench.n2.on_write(1, Bench::write({bench.a}, {Bench::version('b', bench.a)}));
    CHECK(bench.broken() == "P3 ");
  }
}

TEST_CASE("P5: a record that forgets is caught, unless a crash took it back") {
  Bench bench;
  bench.intend('a');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.intend('b', "a");
  const causality::Dot next = Bench::dot(1, 11);
  bench.n1.on_write(2, Bench::write({next}, {Bench::version('b', next)}));
  bool is_excused = false;
  SUBCASE("without a crash") {}
  SUBCASE("after one") {
    is_excused = true;
    bench.n1.on_lost_after(1);
  }

  bench.n1.on_write(2, Bench::write({bench.a}, {Bench::version('a', bench.a)}));

  CHECK(bench.broken() == (is_excused ? "" : "P5 "));
}

TEST_CASE("where a crash takes back what replaced a damaged record, that record is still there") {
  Bench bench;
  bench.intend('a');
  bench.intend('b');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.n1.on_durable(1);
  bench.n1.on_lost_to_damage(kFixtureKey);
  SUBCASE("and was written again") {
    bench.n1.on_write(2, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  }
  SUBCASE("and was not") {}
  bench.n1.on_lost_after(1);
  const causality::Dot next = Bench::dot(3, 11);

  SUBCASE("so a blind put supersedes it") {
    bench.n1.on_write(2, Bench::write({bench.a, next}, {Bench::version('b', next)}));
    CHECK(bench.broken() == "");
  }
  SUBCASE("so it is not forgotten, unless to damage again") {
    bool is_damaged = false;
    SUBCASE("undamaged") {}
    SUBCASE("damaged") {
      is_damaged = true;
      bench.n1.on_lost_to_damage(kFixtureKey);
    }
    bench.n1.on_write(2, Bench::write({next}, {Bench::version('b', next)}));
    CHECK(bench.broken() == (is_damaged ? "" : "P5 "));
  }
}

TEST_CASE("a collection that a crash took back did not happen there") {
  Bench bench;
  bench.intend_delete('a');
  causality::Version deleted = Bench::version('a', bench.a);
  deleted.is_tombstone = true;
  deleted.value.clear();
  storage::Write away;
  away.key = kFixtureKey;
  for (ReplicaWatch* replica : {&bench.n1, &bench.n2}) {
    replica->on_write(1, Bench::write({bench.a}, {deleted}));
    replica->on_durable(1);
  }
  bench.n1.set_replication([](const auto&, const auto&) {
    return ReplicaWatch::Replication{2, 2};
  });
  bench.n1.on_write(2, away);
  const KeyTruth& key = bench.truth.key(kFixtureKey);
  CHECK_FALSE(key.gone().is_empty());

  SUBCASE("nor anywhere") {
    bench.n1.on_lost_after(1);
    CHECK(key.gone().is_empty());
  }
  SUBCASE("but what was collected before stays so") {
    const DotSet before = key.gone();
    bench.intend_delete('b');
    causality::Version again = Bench::version('b', Bench::dot(1, 11));
    again.is_tombstone = true;
    again.value.clear();
    bench.n1.on_write(3, Bench::write({Bench::dot(1, 11)}, {again}));
    bench.n1.on_durable(3);
    bench.n1.on_write(4, away);
    bench.n1.on_lost_after(3);
    CHECK((key.gone() - before).is_empty());
    CHECK((before - key.gone()).is_empty());
  }
  SUBCASE("but elsewhere") {
    bench.n2.on_write(2, away);
    bench.n1.on_lost_after(1);
    CHECK_FALSE(key.gone().is_empty());
  }
  CHECK(bench.broken() == "");
}

TEST_CASE("P1: a crash that takes what a client was answered is caught, unless another has it") {
  Bench bench;
  bench.intend('a');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.truth.key(kFixtureKey).mint(0).was_observed = true;
  bool is_elsewhere = false;
  SUBCASE("nowhere else") {}
  SUBCASE("at another replica") {
    is_elsewhere = true;
    bench.n2.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  }

  bench.n1.on_lost_after(0);

  CHECK(bench.broken() == (is_elsewhere ? "" : "P1 "));
}

TEST_CASE("a crash may take what a write that another has superseded, though its dot was told") {
  Bench bench;
  bench.intend('a');
  bench.intend('b');
  const causality::Dot next = Bench::dot(1, 11);
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.n1.on_write(2, Bench::write({next}, {Bench::version('b', next)}));
  bench.truth.key(kFixtureKey).mint(0).was_observed = true;
  bool is_elsewhere = false;
  SUBCASE("which is nowhere else") {}
  SUBCASE("which another replica has") {
    is_elsewhere = true;
    bench.n2.on_write(1, Bench::write({next}, {Bench::version('b', next)}));
  }

  bench.n1.on_lost_after(0);

  CHECK(bench.broken() == (is_elsewhere ? "" : "P1 "));
}

TEST_CASE("a write that a crash took before anyone saw it may be missing afterwards") {
  Bench bench;
  bench.intend('a');
  bench.intend('b');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.n1.on_lost_after(0);
  const causality::Dot next = Bench::dot(1, 11);

  bench.n1.on_write(1, Bench::write({next}, {Bench::version('b', next)}));

  CHECK(bench.broken() == "");
}

TEST_CASE("P3: a write lost in a crash but stored elsewhere may not be covered by the same actor") {
  Bench bench;
  bench.intend('a');
  bench.intend('b');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.n2.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  bench.n1.on_lost_after(0);
  const causality::Dot next = Bench::dot(1, 11);

  bench.n1.on_write(1, Bench::write({next}, {Bench::version('b', next)}));

  CHECK(bench.broken() == "P3 ");
}

TEST_CASE("P0: a version nobody asked for, for another key, or changed on the way is caught") {
  Bench bench;
  SUBCASE("nobody") {}
  SUBCASE("deleted instead") { bench.intend_delete('a'); }

  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));

  CHECK(bench.broken() == "P0 ");
}

TEST_CASE("P4: an operation that is alive here is not minted again") {
  Bench bench;
  bench.intend('a');
  bench.n1.on_write(1, Bench::write({bench.a}, {Bench::version('a', bench.a)}));
  const causality::Dot next = Bench::dot(1, 11);

  bench.n1.on_write(2, Bench::write({next}, {Bench::version('a', next)}));

  CHECK(bench.broken() == "P4 ");
}
TEST_SUITE_END();

}  // namespace distkv::sim
