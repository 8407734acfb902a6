#include "storage/io/sim_faults.h"

#include <algorithm>

namespace distkv::storage::io::test {

namespace {
bool matches(const Fault& fault, Operation operation, const std::string& path) {
  return std::find(fault.operations.begin(), fault.operations.end(), operation) !=
             fault.operations.end() &&
         path.find(fault.path_part) != std::string::npos;
}
}  // namespace

Effect FaultPlan::strike(Operation operation, const std::string& path) {
  Effect effect = Effect::kNone;
  for (Counted& counted : faults_) {
    const Fault& fault = counted.fault;
    if (!matches(fault, operation, path)) continue;
    ++counted.matches;
    const bool strikes =
        fault.is_sticky ? counted.matches >= fault.nth : counted.matches == fault.nth;
    if (strikes && effect == Effect::kNone) effect = fault.effect;
  }
  if (effect != Effect::kNone) ++strikes_;
  return effect;
}

}  // namespace distkv::storage::io::test
