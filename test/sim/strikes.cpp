#include "sim/strikes.h"

#include <charconv>

namespace distkv::sim {

std::string_view name_of(StrikeKind kind) {
  switch (kind) {
    case StrikeKind::kDisk:
      return "disk";
    case StrikeKind::kRefuse:
      return "refuse";
    case StrikeKind::kBreak:
      return "break";
    case StrikeKind::kCrash:
      return "crash";
    case StrikeKind::kPowerCut:
      return "power-cut";
  }
  return "unrecognised";
}

std::string to_string(const Strike& strike) {
  return std::string(name_of(strike.kind)) + ":n" + std::to_string(strike.node) + ":" +
         std::to_string(strike.nth);
}

std::optional<Strike> parse_strike(std::string_view text) {
  const size_t first = text.find(":n");
  const size_t second = text.find(':', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  for (const StrikeKind kind : kStrikeKinds) {
    if (text.substr(0, first) != name_of(kind)) continue;
    Strike strike;
    strike.kind = kind;
    const char* const node = text.data() + first + 2;
    const char* const nth = text.data() + second + 1;
    const char* const end = text.data() + text.size();
    const auto node_end = std::from_chars(node, text.data() + second, strike.node);
    const auto nth_end = std::from_chars(nth, end, strike.nth);
    const bool is_whole = node_end.ec == std::errc{} && node_end.ptr == text.data() + second &&
                          nth_end.ec == std::errc{} && nth_end.ptr == end;
    if (is_whole && strike.nth > 0) return strike;
  }
  return std::nullopt;
}

bool Strikes::hits(StrikeKind kind, MachineIndex machine) {
  if (!is_counting_) return false;
  const uint64_t nth = ++places_[{kind, machine.value}];
  if (!strike_ || strike_->kind != kind || strike_->node != machine.value) return false;
  has_struck_ = has_struck_ || strike_->nth == nth;
  return strike_->nth == nth;
}

}  // namespace distkv::sim
