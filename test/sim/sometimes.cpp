#include "sim/sometimes.h"

#include <string>

namespace distkv::sim {

bool is_reached(const Point& point, const Tally& tally) {
  switch (point.source) {
    case Point::Source::kEvent:
      return tally.events.contains(point.key);
    case Point::Source::kOperation:
      return tally.operations.contains(std::string(point.key));
    case Point::Source::kFault:
      return tally.faults.contains(std::string(point.key));
    case Point::Source::kSight:
      return tally.sights.contains(std::string(point.key));
  }
  return false;
}

}  // namespace distkv::sim
