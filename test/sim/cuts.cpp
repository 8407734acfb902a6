#include "sim/cuts.h"

#include "base/check.h"

namespace distkv::sim {

void Cuts::add(const Cut& cut, int32_t change) {
  for (const Way& way : cut.ways) {
    Blocked& blocked = blocked_[place(way)];
    if (cut.blocks_datagrams) blocked.datagrams += change;
    if (cut.blocks_streams) blocked.streams += change;
    DISTKV_CHECK(blocked.datagrams >= 0 && blocked.streams >= 0);
  }
}

std::vector<Way> ways_from(const std::vector<MachineIndex>& from,
                           const std::vector<MachineIndex>& to) {
  std::vector<Way> ways;
  for (const MachineIndex source : from) {
    for (const MachineIndex target : to) {
      if (source != target) ways.push_back({source, target});
    }
  }
  return ways;
}

std::vector<Way> ways_between(const std::vector<MachineIndex>& left,
                              const std::vector<MachineIndex>& right) {
  std::vector<Way> ways = ways_from(left, right);
  const std::vector<Way> back = ways_from(right, left);
  ways.insert(ways.end(), back.begin(), back.end());
  return ways;
}

}  // namespace distkv::sim
