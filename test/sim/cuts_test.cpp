#include "sim/cuts.h"

#include <doctest/doctest.h>

namespace distkv::sim {

TEST_SUITE_BEGIN("cuts");

TEST_CASE("a way is open again when every cut that closed it has healed") {
  const MachineIndex a{0};
  const MachineIndex b{1};
  Cuts cuts(2);
  Cut first;
  first.ways = ways_between({a}, {b});
  Cut second;
  second.ways = ways_from({a}, {b});

  cuts.apply(first);
  cuts.apply(second);
  cuts.heal(first);
  CHECK(cuts.blocks_streams({a, b}));
  CHECK_FALSE(cuts.blocks_streams({b, a}));

  cuts.heal(second);
  CHECK_FALSE(cuts.blocks_streams({a, b}));
}

TEST_CASE("no machine is cut off from itself") {
  const MachineIndex a{0};
  CHECK(ways_between({a}, {a}).empty());
}
TEST_SUITE_END();

}  // namespace distkv::sim
