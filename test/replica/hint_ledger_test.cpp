#include "replica/hint_ledger.h"

#include <doctest/doctest.h>

#include <string>

namespace distkv::replica {
namespace {

using base::NodeId;
using base::WallTime;

WallTime at(int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }
const NodeId kA{"a"};
const NodeId kB{"b"};

TEST_SUITE_BEGIN("hint ledger");

TEST_CASE("each target and all together are counted alike") {
  HintLedger ledger;
  ledger.count(kA, {2, 100, at(5)});
  ledger.count(kB, {1, 40, at(3)});
  ledger.count(kA, {0, -30});
  ledger.count(kB, {-1, -40});
  ledger.count_delivered(kB);
  ledger.count_dropped(kA);

  CHECK(ledger.targets().at(kA).pending == 2);
  CHECK(ledger.targets().at(kA).bytes == 70);
  CHECK(ledger.targets().at(kB).pending == 0);
  CHECK(ledger.targets().at(kB).bytes == 0);
  CHECK(ledger.total().pending == 2);
  CHECK(ledger.total().bytes == 70);
  CHECK(ledger.total().delivered == 1);
  CHECK(ledger.total().dropped == 1);
}

TEST_CASE("the oldest pending hint is no younger than said, and exact after a walk") {
  HintLedger ledger;
  ledger.count(kA, {1, 10, at(5)});
  ledger.count(kA, {1, 10, at(9)});
  ledger.count(kB, {1, 10, at(7)});
  CHECK(ledger.total().oldest == at(5));

  ledger.count(kA, {-1, -10});
  CHECK(ledger.total().oldest == at(5));
  ledger.refresh_oldest({{kA, at(9)}}, at(8));
  CHECK(ledger.targets().at(kA).oldest == at(9));
  // The walk began at 8 and did not meet it.
  CHECK(ledger.targets().at(kB).oldest == at(8));

  ledger.count(kA, {-1, -10});
  ledger.count(kA, {1, 10, at(20)});
  CHECK(ledger.targets().at(kA).oldest == at(20));
}

TEST_CASE("a new count replaces what was pending, and what is missing counts as dropped") {
  HintLedger ledger;
  ledger.count(kA, {3, 30, at(1)});
  ledger.count_delivered(kA);

  ledger.replace_pending({{kA, {1, 10, at(2)}}, {kB, {1, 12, at(3)}}});

  CHECK(ledger.targets().at(kA).pending == 1);
  CHECK(ledger.targets().at(kA).delivered == 1);
  CHECK(ledger.targets().at(kA).oldest == at(2));
  CHECK(ledger.pending() == 2);
  CHECK(ledger.bytes() == 22);
  CHECK(ledger.total().dropped == 1);
}

TEST_CASE("the targets told apart are bounded; idle ones make room") {
  HintLedger ledger;
  for (size_t i = 0; i < kHintTargetsMax; ++i) ledger.count(NodeId{std::to_string(i)}, {1, 1});
  CHECK_FALSE(ledger.has_room_for(kA));
  CHECK(ledger.has_room_for(NodeId{"7"}));
  ledger.count_dropped(kA);
  CHECK(ledger.targets().size() == kHintTargetsMax);
  CHECK(ledger.total().dropped == 1);

  ledger.count(NodeId{"7"}, {-1, -1});
  CHECK(ledger.has_room_for(kA));
  ledger.count(kA, {1, 1, at(1)});
  CHECK(ledger.targets().size() == kHintTargetsMax);
  CHECK_FALSE(ledger.targets().contains(NodeId{"7"}));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::replica
