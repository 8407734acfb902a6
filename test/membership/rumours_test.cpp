#include "membership/rumours.h"

#include <doctest/doctest.h>

namespace distkv::membership {
namespace {

const base::NodeId kA{"a"};
const base::NodeId kB{"b"};
const base::NodeId kC{"c"};

TEST_SUITE_BEGIN("rumours");

TEST_CASE("own news goes first, then what was told least, then good news") {
  Rumours rumours;
  rumours.add(kA, RumourRank::kSuspect);
  rumours.add(kB, RumourRank::kAlive);
  CHECK(rumours.in_order() == std::vector<base::NodeId>{kB, kA});

  rumours.note_told(kB, 10);
  CHECK(rumours.in_order() == std::vector<base::NodeId>{kA, kB});

  rumours.add(kC, RumourRank::kOwn);
  rumours.note_told(kC, 10);
  rumours.note_told(kC, 10);
  CHECK(rumours.in_order() == std::vector<base::NodeId>{kC, kA, kB});
}

TEST_CASE("a rumour is dropped once told often enough, and news makes it fresh again") {
  Rumours rumours;
  rumours.add(kA, RumourRank::kDead);
  rumours.note_told(kA, 2);
  rumours.add(kA, RumourRank::kAlive);
  rumours.note_told(kA, 2);
  CHECK_FALSE(rumours.empty());
  rumours.note_told(kA, 2);
  CHECK(rumours.empty());
  rumours.note_told(kA, 2);
  CHECK(rumours.empty());
}

TEST_CASE("tellings grow with the logarithm of the members") {
  CHECK(tellings_max(1) == 3);
  CHECK(tellings_max(3) == 6);
  CHECK(tellings_max(10) == 12);
  CHECK(tellings_max(1000) == 30);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::membership
