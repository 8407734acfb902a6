// Which machine can reach which. Cuts overlap: a way is open again when every cut that closed it
// has healed. Packets (UDP) and streams (TCP) are cut apart, because real firewalls cut one of
// them.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/trace.h"

namespace distkv::sim {

struct Way {
  MachineIndex from;
  MachineIndex to;
  friend auto operator<=>(const Way&, const Way&) = default;
};

// What a fault closed, to be opened again as a whole.
struct Cut {
  std::vector<Way> ways;
  bool blocks_datagrams = true;
  bool blocks_streams = true;
};

class Cuts {
 public:
  explicit Cuts(uint32_t machines) : machines_(machines), blocked_(machines * machines) {}

  void apply(const Cut& cut) { add(cut, 1); }
  void heal(const Cut& cut) { add(cut, -1); }
  bool blocks_datagrams(const Way& way) const { return blocked_[place(way)].datagrams > 0; }
  bool blocks_streams(const Way& way) const { return blocked_[place(way)].streams > 0; }

 private:
  struct Blocked {
    int32_t datagrams = 0;
    int32_t streams = 0;
  };
  size_t place(const Way& way) const { return way.from.value * machines_ + way.to.value; }
  void add(const Cut& cut, int32_t change);

  size_t machines_;
  std::vector<Blocked> blocked_;
};

// Every way between the two sides, both directions.
std::vector<Way> ways_between(const std::vector<MachineIndex>& left,
                              const std::vector<MachineIndex>& right);
// Every way from one side to the other, not back.
std::vector<Way> ways_from(const std::vector<MachineIndex>& from,
                           const std::vector<MachineIndex>& to);

}  // namespace distkv::sim
