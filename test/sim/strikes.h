// One failure at one exact place of a run: the systematic layer over scripts. A first run without
// any counts the places there are; then each gets a run of its own, in which only this one fails.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sim/trace.h"

namespace distkv::sim {

enum class StrikeKind : uint8_t {
  kDisk,      // A call of the file system answers an I/O error.
  kRefuse,    // A packet is lost, or a frame refused by a full queue.
  kBreak,     // A stream breaks with the frame or answer that was just given to it.
  kCrash,     // The program is killed after an event of the network or the disk.
  kPowerCut,  // The same, and the power goes.
};
inline constexpr StrikeKind kStrikeKinds[] = {StrikeKind::kDisk, StrikeKind::kRefuse,
                                              StrikeKind::kBreak, StrikeKind::kCrash,
                                              StrikeKind::kPowerCut};

std::string_view name_of(StrikeKind kind);

struct Strike {
  StrikeKind kind = StrikeKind::kDisk;
  uint32_t node = 0;
  uint64_t nth = 1;  // Of the node's places of this kind since the script began, from 1.
};

// "crash:n1:17", as --strike takes it.
std::string to_string(const Strike& strike);
std::optional<Strike> parse_strike(std::string_view text);

// How many places of each kind each node has.
using StrikePlaces = std::map<std::pair<StrikeKind, uint32_t>, uint64_t>;

class Strikes {
 public:
  // `strike`: none only counts.
  explicit Strikes(std::optional<Strike> strike) : strike_(strike) {}

  // The script begins, or is over: what happens before and after does not count.
  void set_counting(bool is_counting) { is_counting_ = is_counting; }
  // Counts a place of this machine. True: it is struck.
  bool hits(StrikeKind kind, MachineIndex machine);
  // What was counted elsewhere.
  void add(StrikeKind kind, uint32_t node, uint64_t places) { places_[{kind, node}] += places; }
  bool has_struck() const { return has_struck_; }
  const StrikePlaces& places() const { return places_; }
  const std::optional<Strike>& strike() const { return strike_; }

 private:
  std::optional<Strike> strike_;
  bool is_counting_ = false;
  bool has_struck_ = false;
  StrikePlaces places_;
};

}  // namespace distkv::sim
