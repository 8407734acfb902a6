// Replicates one client operation: any node can coordinate a read; a write is coordinated by a
// replica of its key. Dynamo §4.5; the rules are in src/README.md ("the life of a PUT and a GET").
//
// It reaches storage only through replicas. Every operation answers exactly once, and goes on after
// its answer until each replica has answered, failed, or got a hint.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "causality/record.h"
#include "coordinator/hot_keys.h"
#include "coordinator/plan.h"
#include "coordinator/trace.h"
#include "replica/hint_store.h"
#include "replica/local_replica.h"
#include "replica/replicas.h"
#include "ring/token.h"

namespace distkv::coordinator {

// Operations in flight before new ones are refused: bounds memory when replicas hang.
inline constexpr size_t kOperationsMax = 50'000;

struct PutCommand {
  std::string_view key;
  causality::Put put;  // Its `context` is set by the coordinator.
  std::optional<causality::Context> context;
  wire::Consistency consistency = wire::Consistency::kQuorum;
  base::Duration timeout{};
  bool wants_trace = false;
};

struct Acknowledgement {
  base::NodeId node;
  base::Persistence persistence = base::Persistence::kUnsaid;
};

struct PutResult {
  // kOk; kRejected, kTooManySiblings, kOverloaded, kIo … : nothing was stored, anywhere, ever;
  // kUnknownOutcome: some replica may hold it.
  base::Status status;
  causality::Context context;  // For the client's next write. Empty unless ok.
  std::vector<Acknowledgement> acknowledged;
  std::vector<base::NodeId> hinted;     // Kept here for them.
  base::LayoutVersion layout;           // Under which its replicas were chosen.
  base::LayoutVersion previous_layout;  // And under this one too, while partitions move; or zero.
  std::unique_ptr<const Trace> trace;   // If asked for.
};

struct GetCommand {
  std::string_view key;
  wire::Consistency consistency = wire::Consistency::kQuorum;
  base::Duration timeout{};
  bool wants_trace = false;
  // What the answer must have seen; the coordinator copies it. Null: nothing.
  const causality::Context* at_least = nullptr;
};

struct GetResult {
  // kUnavailable: too few replicas answered. kOverloaded: no memory for what they hold. kBehind:
  // enough, but together they have not seen `at_least`. Retry safe.
  base::Status status;
  causality::Record record;                      // The merged state; may be empty or dead.
  std::unique_ptr<const Trace> trace = nullptr;  // If asked for.
};

// What one replica said when all were asked; for people.
struct Inspection {
  const base::NodeId* node = nullptr;
  base::Status status;
  causality::Record record;
};

using PutDone = std::function<void(PutResult)>;
using GetDone = std::function<void(const GetResult&)>;
using InspectDone = std::function<void(const Plan&, std::vector<Inspection>)>;

struct Options {
  Quorums quorums;
  base::Duration spare_delay{};      // Before another replica is asked in a late one's place.
  base::Duration replica_timeout{};  // Before a silent replica gets a hint.
};

// Everything an operation works with; all outlive it.
struct Parts {
  const ring::LiveLayouts& layouts;
  replica::LocalReplica& local;
  replica::Replicas& replicas;
  replica::HintStore& hints;
  base::Timers& timers;
  const base::Clock& clock;
  // A replica refused a request as older than its layout: fetch the newer one from it.
  std::function<void(const base::NodeId&)> on_stale_layout;
  base::Log& log;
  // Of what requests hold. Reads take from it for the records they gather, and writes for theirs.
  std::shared_ptr<base::ByteBudget> memory;
};

// Reads that may be asked twice because an answer is slow: a twentieth of all, saved up to a
// hundred. A cluster that is slow as a whole is not given twice the work. Starts full.
class HedgeBudget {
 public:
  void earn() { credit_ = std::min(credit_ + 1, kCreditMax); }
  // False: there is none left.
  bool spend() {
    if (credit_ < kReadsPerHedge) return false;
    credit_ -= kReadsPerHedge;
    return true;
  }

 private:
  static constexpr uint32_t kReadsPerHedge = 20;
  static constexpr uint32_t kCreditMax = 100 * kReadsPerHedge;
  uint32_t credit_ = kCreditMax;
};

struct Counts {
  size_t in_flight = 0;
  uint64_t read_repairs = 0;
  uint64_t spares_asked = 0;
  HedgeBudget hedge_budget;
};

class SharedReads;

class Coordinator {
 public:
  Coordinator(Parts parts, const Options& options);
  ~Coordinator();

  // This node must be a replica of the key in the current or the previous layout.
  void put(PutCommand command, PutDone done);
  void get(const GetCommand& command, GetDone done);
  // Asks every replica for all it holds.
  void inspect(std::string_view key, base::Duration timeout, InspectDone done);

  const Counts& counts() const { return *counts_; }
  // Of reads; writes are not counted.
  const HotKeys& hot_keys() const { return hot_keys_; }

 private:
  void get_alone(const GetCommand& command, GetDone done);
  size_t in_flight() const;

  Parts parts_;
  Options options_;
  // Shared with the operations, the last of which may outlive this in a callback never run.
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
  HotKeys hot_keys_;  // Of reads.
  std::unique_ptr<SharedReads> shared_reads_;
};

}  // namespace distkv::coordinator
