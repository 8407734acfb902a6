// Writes the history as clients make it and judges each answer the moment it arrives, while the
// truth is what it was for the answering node.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/types.h"
#include "causality/context.h"
#include "sim/checks.h"
#include "sim/history.h"
#include "sim/scheduler.h"
#include "sim/tally.h"
#include "sim/truth.h"
#include "wire/messages.h"

namespace distkv::sim {

// Names an operation in the history.
struct OperationId {
  size_t place = 0;
};

// Who can tell how many replicas hold something durably, at this very moment.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual size_t holders(const std::string& key, const DotSet& writes) const = 0;
  // How many replicas a request of this consistency must have reached.
  virtual size_t needed(wire::Consistency consistency, bool is_read) const = 0;
};

class Recorder {
 public:
  // All outlive this.
  Recorder(const Scheduler& scheduler, Truth& truth, Violations& violations, Tally& tally,
           Trace& trace)
      : scheduler_(scheduler),
        truth_(truth),
        violations_(violations),
        tally_(tally),
        trace_(trace) {}

  // `intent` of a write; null for a read.
  OperationId invoke(Operation operation, const WriteIntent* intent);
  // An answer with code kOk. Returns what its context covers, which is what the client now knows.
  DotSet answer(OperationId id, const wire::GetReply& reply, bool wants_siblings);
  // `may_repeat`: an attempt before this one may be carried out too.
  DotSet answer(OperationId id, const wire::PutReply& reply, bool may_repeat);
  // The operation is over with this code; its client stops waiting.
  void finish(OperationId id, base::Code code);

  // Asked at every answer from now on; outlives this.
  void set_witness(const Witness& witness) { witness_ = &witness; }

  // Something rare that the clients met.
  void see(const std::string& sight) { ++tally_.sights[sight]; }

  const History& history() const { return history_; }
  const Operation& operation(OperationId id) const { return history_[id.place]; }

 private:
  DotSet cover(Operation& operation, std::string_view token);
  size_t count_holders(const Operation& operation, const DotSet& writes) const;
  void check_holders(const Operation& operation, DotSet writes);
  void note_sights(const Operation& read);
  void note(const Operation& operation, const std::string& what);
  std::string describe_operation(const Operation& operation) const;

  const Scheduler& scheduler_;
  Truth& truth_;
  Violations& violations_;
  Tally& tally_;
  Trace& trace_;
  const Witness* witness_ = nullptr;
  History history_;
  std::set<base::OpId> gone_;  // Puts with a time to live that a read did not show any more.
};

}  // namespace distkv::sim
