// Tombstones go when all replicas have proved that they hold them, and nothing brings back what
// they deleted: three replicas, each with its collector, on a network that can be cut.
#include "repair/collector.h"

#include <doctest/doctest.h>

#include <string>

#include "causality/horizon.h"
#include "repair/tree_rig.h"
#include "ring/token.h"

namespace distkv::repair::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using wire::MessageType;

constexpr base::Duration kLong = kGrace * 3;

struct Fixture {
  Fixture() {
    rig.start();
    for (size_t i = 0; i < 3; ++i) rig[i].collector->start();
  }
  // At all three.
  void put(const std::string& key, bool is_delete = false) {
    rig[0].put(key, "v", is_delete);
    for (const size_t other : {1, 2}) rig[other].take(rig[0], key);
  }
  bool is_gone(const std::string& key) {
    return rig[0].stored(key).empty() && rig[1].stored(key).empty() && rig[2].stored(key).empty();
  }
  base::Counter horizon(size_t replica, const std::string& key) {
    return rig[replica].holdings.horizon(ring::token_of(key));
  }

  TreeRig rig{3};
};

TEST_SUITE_BEGIN("collector");

TEST_CASE_FIXTURE(Fixture, "a deleted record goes at all replicas once the grace is over") {
  put("k");
  put("alive");
  put("k", true);
  rig.run(kGrace - seconds(1));
  CHECK_FALSE(is_gone("k"));

  CHECK(rig.run_until([&] { return is_gone("k"); }, kLong));
  rig.run(seconds(30));
  CHECK(rig.are_equal());
  CHECK_FALSE(rig[1].stored("alive").empty());
  CHECK(rig[0].horizons->collected() == 1);
}

TEST_CASE_FIXTURE(Fixture, "partitions without anything to collect cost no message") {
  put("alive");
  rig.run(kLong);
  CHECK(rig.counts[MessageType::kHorizonRequest] == 0);
  CHECK(horizon(0, "alive") == base::Counter{});
}

TEST_CASE_FIXTURE(Fixture, "while one replica cannot be asked nothing goes, however old") {
  put("k");
  put("k", true);
  rig.lost.insert(MessageType::kHorizonReply);
  rig.run(kLong);
  CHECK_FALSE(is_gone("k"));
  for (size_t i = 0; i < 3; ++i) CHECK(horizon(i, "k") == base::Counter{});

  rig.lost.clear();
  CHECK(rig.run_until([&] { return is_gone("k"); }, kLong));
}

TEST_CASE_FIXTURE(Fixture, "a replica that missed the delete has it before the tombstone goes") {
  put("k");
  rig[0].put("k", "", true);
  for (const auto type : {MessageType::kRootsReply, MessageType::kLeavesReply}) {
    rig.lost.insert(type);
  }
  rig.run(kLong);
  CHECK_FALSE(rig[0].stored("k").empty());
  CHECK_FALSE(rig[2].stored("k").empty());

  rig.lost.clear();
  CHECK(rig.run_until([&] { return is_gone("k"); }, kLong));
}

TEST_CASE_FIXTURE(Fixture, "one that did not hear of the horizon is told by anti-entropy") {
  put("k");
  put("k", true);
  REQUIRE(rig.run_until([&] { return rig.counts[MessageType::kHorizonRequest] > 0; }, kLong));
  // The first replica leads; the third promises, proves, and then the adoption is lost to it.
  bool is_adopted = false;
  rig.on_post = [&](size_t, size_t to, MessageType type) {
    is_adopted = is_adopted || horizon(0, "k") > base::Counter{};
    return !(is_adopted && to == 2 && type == MessageType::kHorizonRequest);
  };
  REQUIRE(rig.run_until([&] { return rig[0].stored("k").empty(); }, kLong));
  CHECK(horizon(2, "k") == base::Counter{});
  CHECK_FALSE(rig[2].stored("k").empty());

  CHECK(rig.run_until([&] { return is_gone("k"); }, minutes(2)));
  CHECK(rig.run_until([&] { return horizon(2, "k") == horizon(0, "k"); }, minutes(2)));
}

TEST_CASE_FIXTURE(Fixture,
                  "a store that comes back with what was deleted long ago loses it again") {
  put("k");
  RigReplica& away = rig[2];
  const std::string old = away.stored("k");
  put("k", true);
  REQUIRE(rig.run_until([&] { return is_gone("k"); }, kLong));

  // As if its disk had been exchanged for a copy made before the delete.
  away.holdings = {};
  away.holdings.set_partitions(rig.layouts.current->partition_count);
  const size_t bar = old.find('|');
  away.local.apply({"k", ring::token_of("k")}, {old.substr(0, bar), old.substr(bar + 1)},
                   [](const base::Status& done) { REQUIRE(done.is_ok()); });
  away.holdings.fall_behind(rig.layouts.current->partition_of(ring::token_of("k")));
  REQUIRE_FALSE(away.stored("k").empty());

  CHECK(rig.run_until([&] { return away.holdings.behind().empty(); }, minutes(2)));
  CHECK(is_gone("k"));
  CHECK(horizon(2, "k") == horizon(0, "k"));
}

TEST_CASE_FIXTURE(Fixture, "a store that is behind has caught up after N - W + 1 of the others") {
  put("k");
  RigReplica& behind = rig[2];
  behind.holdings.fall_behind(rig.layouts.current->partition_of(ring::token_of("k")));
  rig.on_post = [](size_t from, size_t to, MessageType) { return from != 1 && to != 1; };
  rig.run(minutes(1));
  CHECK_FALSE(behind.holdings.behind().empty());

  rig.on_post = nullptr;
  CHECK(rig.run_until([&] { return behind.holdings.behind().empty(); }, minutes(2)));
}

TEST_CASE_FIXTURE(Fixture, "a replica adopts only what it promised and proved in this life") {
  put("k", true);
  const base::PartitionId partition = rig.layouts.current->partition_of(ring::token_of("k"));
  const auto ask = [&](wire::HorizonStep step, uint64_t horizon) {
    size_t taken = 0;
    rig[1].horizons->answer(
        {rig.layouts.version(), step, base::Counter{horizon}, {partition.value()}},
        [&](const wire::HorizonReply& reply) { taken = reply.partitions.size(); });
    return taken == 1;
  };
  CHECK_FALSE(ask(wire::HorizonStep::kAdopt, 5));
  CHECK_FALSE(ask(wire::HorizonStep::kProve, 5));
  CHECK(ask(wire::HorizonStep::kPromise, 5));
  CHECK(rig[1].holdings.floor() == base::Counter{5});
  CHECK_FALSE(ask(wire::HorizonStep::kAdopt, 5));
  CHECK_FALSE(ask(wire::HorizonStep::kProve, 5));  // From here on it compares.
  CHECK(rig.run_until([&] { return ask(wire::HorizonStep::kProve, 5); }, minutes(1)));
  CHECK_FALSE(ask(wire::HorizonStep::kAdopt, 6));
  CHECK(ask(wire::HorizonStep::kAdopt, 5));
  CHECK(rig[1].holdings.horizon(partition) == base::Counter{5});
  CHECK_FALSE(ask(wire::HorizonStep::kPromise, 5));
}

TEST_CASE_FIXTURE(Fixture,
                  "one made by a clock that is a year ahead goes as well, some time later") {
  rig.clock.wall += std::chrono::hours(24 * 365);
  put("k", true);
  rig.clock.wall -= std::chrono::hours(24 * 365);
  rig.run(kGrace);
  CHECK_FALSE(is_gone("k"));

  CHECK(rig.run_until([&] { return is_gone("k"); }, kLong));
  put("k");
  rig.run(kLong);
  CHECK_FALSE(rig[2].stored("k").empty());
}

TEST_CASE_FIXTURE(Fixture, "a new replica is behind where the partitions it gets have a horizon") {
  HorizonAnswers& answers = *rig[1].horizons;
  const auto inherit = [&](uint32_t partition, uint64_t horizon) {
    answers.answer(
        {rig.layouts.version(), wire::HorizonStep::kInherit, base::Counter{horizon}, {partition}},
        [](const wire::HorizonReply& reply) { CHECK(reply.partitions.size() == 1); });
  };
  inherit(3, 50);
  CHECK(rig[1].holdings.is_behind(base::PartitionId{3}));
  CHECK(rig[1].holdings.floor() == base::Counter{50});

  rig[1].holdings.raise_horizon(base::PartitionId{4}, base::Counter{60});
  inherit(4, 60);
  CHECK_FALSE(rig[1].holdings.is_behind(base::PartitionId{4}));
}

TEST_CASE_FIXTURE(Fixture, "a proof is given once what it speaks of is on disk") {
  put("k", true);
  rig[1].engine.holds_sync = true;
  rig.run(kLong);
  CHECK_FALSE(is_gone("k"));

  rig[1].engine.holds_sync = false;
  CHECK(rig.run_until([&] { return is_gone("k"); }, kLong));
}

TEST_CASE("which side of an exchange learns what, by states and horizons") {
  const auto meta = [](uint64_t actor, uint64_t counter) {
    causality::Record record;
    record.seen.raise({base::ActorId{actor}, base::Counter{counter}});
    causality::Version version;
    version.dot = {base::ActorId{actor}, base::Counter{counter}};
    record.versions.push_back(version);
    return replica::encode(record).meta;
  };
  struct Row {
    std::string own;
    std::string peer;
    Horizons horizons;
    Direction expected;
  };
  const std::string old = meta(1, 10);
  const std::string recent = meta(2, 30);
  const base::Counter horizon{20};
  const Row rows[] = {
      {old, "", {}, {false, true, false}},                 // Nobody knows better.
      {old, "", {{}, horizon}, {false, false, true}},      // The peer's had it and dropped it.
      {"", old, {horizon, {}}, {false, false, false}},     // Likewise here.
      {recent, "", {{}, horizon}, {false, true, false}},   // Newer than the horizon.
      {"", recent, {horizon, {}}, {true, false, false}},   //
      {old, recent, {{}, horizon}, {true, false, true}},   // Each has one; ours is obsolete.
      {recent, old, {horizon, {}}, {false, true, false}},  //
      {old, old, {horizon, horizon}, {false, false, false}},
  };
  for (const Row& row : rows) {
    const auto found = direction_of(row.own, row.peer, row.horizons);
    REQUIRE(found.is_ok());
    CHECK(found->is_fetched == row.expected.is_fetched);
    CHECK(found->is_sent == row.expected.is_sent);
    CHECK(found->is_settled == row.expected.is_settled);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::repair::test
