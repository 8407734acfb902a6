// Judging the whole history: order between operations, refusals, and what is left at the end.
#include <algorithm>
#include <map>

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
    case base::Code::kStaleLayout:
    case base::Code::kWrongCluster:
    case base::Code::kShuttingDown:
      return true;
    default:
      return false;
  }
}

namespace {

// A moment in an operation's life, to sweep through all of them in order of time.
struct Moment {
  base::MonotonicTime when;
  bool is_return;
  const Operation* operation;
};

std::vector<Moment> moments_of(const History& history) {
  std::vector<Moment> moments;
  for (const Operation& operation : history) {
    if (!operation.is_ok() || !operation.is_strict()) continue;
    if (operation.is_read()) moments.push_back({operation.invoked_at, false, &operation});
    moments.push_back({*operation.returned_at, true, &operation});
  }
  // At one instant invocations come first: then the two operations count as concurrent.
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
    return a.when != b.when ? a.when < b.when : a.is_return < b.is_return;
  });
  return moments;
}

std::string name_of(const Operation& read) {
  return "client c" + std::to_string(read.client) + " reading " + read.key + " from " +
         std::to_string(read.invoked_at.time_since_epoch().count()) + " ns to " +
         std::to_string(read.returned_at->time_since_epoch().count()) + " ns";
}

// What a key's later reads must have seen.
struct Required {
  DotSet written;  // Acknowledged strictly: P6.
  DotSet read;     // Seen by strict reads: P7.
};

class OrderSweep {
 public:
  OrderSweep(const Truth& truth, bool is_monotonic, Violations& violations)
      : truth_(truth), is_monotonic_(is_monotonic), violations_(violations) {}

  void take(const Moment& moment) {
    const Operation& operation = *moment.operation;
    Required& required = required_[operation.key];
    DotSet& session = sessions_[{operation.client, operation.key}];
    if (!moment.is_return) {
      begun_[&operation] = {required, session};
      return;
    }
    if (operation.is_read()) {
      judge(operation);
      if (!is_monotonic_) return;
      required.read.merge(operation.seen);
      session.merge(operation.seen);
    } else {
      required.written.merge(operation.own);
      session.merge(operation.own);
    }
  }

 private:
  struct Begun {
    Required required;
    DotSet session;
  };

  void judge(const Operation& read) {
    const Begun& begun = begun_[&read];
    const auto check = [&](const char* property, const char* what, const DotSet& needed) {
      const DotSet missing = needed - read.seen;
      if (missing.is_empty()) return;
      violations_.push_back({property, name_of(read) + ": has not seen " + what + ": " +
                                           describe(*truth_.find(read.key), missing)});
    };
    check("P8", "what its session wrote or read before", begun.session);
    check("P6", "what was acknowledged before it began", begun.required.written);
    check("P7", "what a read that ended before had seen", begun.required.read);
    begun_.erase(&read);
  }

  const Truth& truth_;
  bool is_monotonic_;
  Violations& violations_;
  std::map<std::string, Required> required_;
  std::map<std::pair<uint32_t, std::string>, DotSet> sessions_;
  // Looked up, never walked through: the order of addresses decides nothing.
  std::map<const Operation*, Begun> begun_;
};

}  // namespace

void check_order(const Truth& truth, const History& history, bool is_monotonic,
                 Violations& violations) {
  OrderSweep sweep(truth, is_monotonic, violations);
  for (const Moment& moment : moments_of(history)) sweep.take(moment);
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
    if (known != nullptr) kept.remove(known->phantoms(kept));
    if (!kept.is_empty()) continue;
    violations.push_back(
        {"P1", "key " + key + ": acknowledged and lost: op " +
                   operation.op_id.value().to_hex().substr(0, 8) + " of client c" +
                   std::to_string(operation.client) +
                   ", dots: " + (known == nullptr ? std::string("none") : describe(*known, dots))});
  }
}

}  // namespace distkv::sim
