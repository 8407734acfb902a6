#include "membership/supersede.h"

#include <doctest/doctest.h>

#include <vector>

namespace distkv::membership {
namespace {

constexpr MemberState kAlive = MemberState::kAlive;
constexpr MemberState kSuspect = MemberState::kSuspect;
constexpr MemberState kDead = MemberState::kDead;
constexpr MemberState kLeft = MemberState::kLeft;

struct Row {
  MemberState believed;
  Incarnation at;
  MemberState claimed;
  Incarnation claimed_at;
  Verdict verdict;
};

TEST_SUITE_BEGIN("supersede");

TEST_CASE("the table of what replaces what") {
  constexpr Verdict kIgnore = Verdict::kIgnore;
  constexpr Verdict kTake = Verdict::kTake;
  constexpr Verdict kTakeAsSuspect = Verdict::kTakeAsSuspect;
  const std::vector<Row> rows = {
      // The same incarnation: only a worse state, and death only after suspicion.
      {kAlive, {1, 0}, kAlive, {1, 0}, kIgnore},
      {kAlive, {1, 0}, kSuspect, {1, 0}, kTake},
      {kAlive, {1, 0}, kDead, {1, 0}, kTakeAsSuspect},
      {kAlive, {1, 0}, kLeft, {1, 0}, kTake},
      {kSuspect, {1, 0}, kAlive, {1, 0}, kIgnore},
      {kSuspect, {1, 0}, kSuspect, {1, 0}, kIgnore},
      {kSuspect, {1, 0}, kDead, {1, 0}, kTake},
      {kSuspect, {1, 0}, kLeft, {1, 0}, kTake},
      {kDead, {1, 0}, kAlive, {1, 0}, kIgnore},
      {kDead, {1, 0}, kSuspect, {1, 0}, kIgnore},
      {kDead, {1, 0}, kDead, {1, 0}, kIgnore},
      {kDead, {1, 0}, kLeft, {1, 0}, kTake},
      // A refutation wins over every accusation that came before it, and loses to later ones.
      {kSuspect, {1, 0}, kAlive, {1, 1}, kTake},
      {kDead, {1, 0}, kAlive, {1, 1}, kTake},
      {kAlive, {1, 1}, kSuspect, {1, 0}, kIgnore},
      {kAlive, {1, 1}, kDead, {1, 0}, kIgnore},
      {kAlive, {1, 1}, kSuspect, {1, 2}, kTake},
      {kAlive, {1, 1}, kDead, {1, 2}, kTakeAsSuspect},
      {kDead, {1, 1}, kDead, {1, 2}, kTake},
      // Left is final for its generation, whatever the refutations.
      {kLeft, {1, 0}, kAlive, {1, 9}, kIgnore},
      {kLeft, {1, 0}, kDead, {1, 9}, kIgnore},
      {kAlive, {1, 5}, kLeft, {1, 4}, kTake},
      {kLeft, {1, 0}, kAlive, {2, 0}, kTake},
      {kLeft, {1, 0}, kDead, {2, 0}, kTake},
      // A new life replaces everything of the old one, and nothing of the old one counts any more.
      {kDead, {1, 9}, kAlive, {2, 0}, kTake},
      {kAlive, {1, 0}, kAlive, {2, 0}, kTake},
      {kAlive, {1, 0}, kDead, {2, 0}, kTakeAsSuspect},
      {kAlive, {2, 0}, kDead, {1, 9}, kIgnore},
      {kAlive, {2, 0}, kLeft, {1, 9}, kIgnore},
      {kDead, {2, 0}, kAlive, {1, 9}, kIgnore},
  };
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.believed));
    CAPTURE(static_cast<int>(row.claimed));
    CAPTURE(row.at.generation);
    CAPTURE(row.claimed_at.generation);
    CAPTURE(row.claimed_at.refutations);
    Member believed;
    believed.state = row.believed;
    believed.incarnation = row.at;
    const wire::MemberUpdate claim{
        .id = {}, .endpoint = {}, .state = row.claimed, .incarnation = row.claimed_at};
    CHECK(judge(believed, claim) == row.verdict);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::membership
