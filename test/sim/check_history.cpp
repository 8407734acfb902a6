// Judging the whole history: order between operations, refusals, and what is left at the end.
#include "sim/checks.h"

namespace distkv::sim {

bool is_refusal(base::Code code) {
  switch (code) {
    case base::Code::kInvalidArgument:
    case base::Code::kTooLarge:
    case base::Code::kTooManySiblings:
    case base::Code::kRejected:
    case base::Code::kUnavailable:
    case base::Code::kOverloaded:
    case base::Code::kNoSpace:
    case base::Code::kStaleLayout:
    case base::Code::kWrongCluster:
    case base::Code::kShuttingDown:
      return true;
    default:
      return false;
  }
}

history::History told(const History& history) { return {history.begin(), history.end()}; }

void check_order(const History& history, const history::Promises& promises,
                 Violations& violations) {
  const history::History known = told(history);
  const history::Verdict verdict = history::check(known, promises);
  for (const history::Violation& violation : verdict.violations) {
    violations.push_back(
        {std::string(history::property_of(violation.fault)), history::describe(violation, known)});
  }
}

void check_refusals(const Truth& truth, const History& history, Violations& violations) {
  for (const Operation& operation : history) {
    if (operation.is_read() || !operation.returned_at || !is_refusal(operation.code)) continue;
    const KeyTruth* key = truth.find(operation.key);
    if (key == nullptr) continue;
    const DotSet stored = key->of_operation(operation.op_id);
    if (stored.is_empty()) continue;
    violations.push_back({"P9", "key " + operation.key + ": answered \"" +
                                    std::string(base::name_of(operation.code)) +
                                    "\", yet stored: " + describe(*key, stored)});
  }
}

void check_convergence(const std::string& key, const std::vector<FinalRecord>& replicas,
                       Violations& violations) {
  for (const FinalRecord& replica : replicas) {
    const FinalRecord& first = replicas.front();
    if (replica.meta == first.meta && replica.values == first.values) continue;
    violations.push_back({"P5", "key " + key + ": after healing " + replica.replica + " and " +
                                    first.replica + " still differ"});
  }
}

void check_gone(Truth& truth, const std::string& key, const causality::Record& record,
                Violations& violations) {
  const KeyTruth& known = truth.key(key);
  DotSet alive;
  for (const causality::Version& version : record.versions) {
    if (const auto place = known.find(version.dot)) alive.add(*place);
  }
  const DotSet risen = common(alive, known.gone());
  if (risen.is_empty()) return;
  violations.push_back(
      {"P2", "key " + key + ": alive although collected: " + describe(known, risen)});
}

void check_durability(const Truth& truth, const History& history, const std::string& key,
                      const DotSet& seen, bool has_wiped, Violations& violations) {
  const KeyTruth* known = truth.find(key);
  for (const Operation& operation : history) {
    if (operation.key != key || operation.is_read() || !operation.is_ok()) continue;
    // One acknowledgement does not outlive the loss of that disk, and does not promise to.
    if (has_wiped && !operation.is_strict()) continue;
    const DotSet dots = known == nullptr ? DotSet{} : known->of_operation(operation.op_id);
    DotSet kept = dots - (dots - seen);
    // Covered by a vector only, and stored nowhere, is lost all the same.
    if (known != nullptr) {
      DotSet lost;
      for (const size_t place : known->phantoms(kept).places()) {
        if (!known->is_replaced(place, seen)) lost.add(place);
      }
      kept.remove(lost);
    }
    if (!kept.is_empty()) continue;
    violations.push_back(
        {"P1", "key " + key + ": acknowledged and lost: op " +
                   operation.op_id.value().to_hex().substr(0, 8) + " of client c" +
                   std::to_string(operation.client) +
                   ", dots: " + (known == nullptr ? std::string("none") : describe(*known, dots))});
  }
}

}  // namespace distkv::sim
