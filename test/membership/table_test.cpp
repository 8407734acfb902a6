#include "membership/table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "membership/cluster.h"

namespace distkv::membership {
namespace {

Member member(const std::string& id) {
  return {.id = base::NodeId{id},
          .endpoint = base::Endpoint{id + ":1"},
          .state = MemberState::kAlive,
          .incarnation = {1, 0},
          .last_seen = {}};
}

TEST_SUITE_BEGIN("table");

TEST_CASE("tables of equal rows have equal digests, whoever holds them") {
  test::VirtualClock clock;
  Table one(member("a"), clock);
  Table other(member("b"), clock);
  CHECK(one.digest() != other.digest());
  const Member a = member("a");
  const Member b = member("b");
  one.put(update_of(b));
  other.put(update_of(a));
  CHECK(one.digest() == other.digest());
}

TEST_CASE("a digest counts deaths, incarnations and endpoints, but not suspicions or times") {
  test::VirtualClock clock;
  Table table(member("a"), clock);
  const Member b = member("b");
  table.put(update_of(b));
  const uint64_t digest = table.digest();

  wire::MemberUpdate update = update_of(b);
  update.state = MemberState::kSuspect;
  table.put(update);
  table.note_life(b.id);
  CHECK(table.digest() == digest);
  update.state = MemberState::kDead;
  table.put(update);
  CHECK(table.digest() != digest);
  update = update_of(b);
  update.incarnation.refutations = 1;
  table.put(update);
  CHECK(table.digest() != digest);
  update = update_of(b);
  update.endpoint = "b:2";
  table.put(update);
  CHECK(table.digest() != digest);
}

TEST_CASE("a put says whether anybody can see the change") {
  test::VirtualClock clock;
  const Member a = member("a");
  Table table(a, clock);
  wire::MemberUpdate update = update_of(a);
  update.incarnation.refutations = 3;
  CHECK_FALSE(table.put(update));
  update.state = MemberState::kSuspect;
  CHECK(table.put(update));
  const Member b = member("b");
  CHECK(table.put(update_of(b)));
  CHECK_FALSE(table.put(update_of(b)));
}

TEST_CASE("a draw has no repetitions and never draws self") {
  test::VirtualClock clock;
  Table table(member("a"), clock);
  for (const char* id : {"b", "c", "d", "e"}) {
    const Member other = member(id);
    table.put(update_of(other));
  }
  base::Rng rng(1);
  for (int i = 0; i < 100; ++i) {
    auto drawn = table.draw(3, MemberState::kAlive, MemberState::kSuspect, rng);
    std::sort(drawn.begin(), drawn.end());
    CHECK(drawn.size() == 3);
    CHECK(std::adjacent_find(drawn.begin(), drawn.end()) == drawn.end());
    CHECK(drawn.front().value() > "a");
  }
  CHECK(table.draw(9, MemberState::kAlive, MemberState::kAlive, rng).size() == 4);
  CHECK(table.draw(9, MemberState::kDead, MemberState::kDead, rng).empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::membership
