// One read: ask R replicas (one for the record, the others for its digest), ask spares in place of
// failed or slow ones, merge what differs, write the merged record back to the stale replicas that
// were asked, and only then answer. The write-back is what makes quorum reads monotonic.
//
// A spare is asked at once for a replica that failed; as a hedge, if the budget allows, once an
// answer takes longer than 99 of 100 of that replica (Dean and Barroso, "The Tail at Scale", 2013);
// and in any case when it is spare_delay late, which is then held against it.
//
// A session's read (`at_least`) goes on where the merged state has not seen what the session has:
// one more replica after another is asked, until it has, or none is left to ask.
#pragma once

#include <bitset>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bounded_vector.h"
#include "coordinator/coordinator.h"
#include "coordinator/tally.h"

namespace distkv::coordinator {

class GetOperation : public std::enable_shared_from_this<GetOperation> {
 public:
  GetOperation(const Parts& parts, const Options& options, std::shared_ptr<Counts> counts,
               const GetCommand& command, GetDone done);
  ~GetOperation();

  void start();

 private:
  // What one replica said. Empty bytes with digest zero: it holds nothing.
  struct Reply {
    std::optional<uint64_t> digest;  // See digest_of.
    std::optional<replica::RecordBytes> record;
  };

  bool keep(size_t target, const replica::ReplicaRead& read);
  base::Duration patience() const;
  static Reply reply_of(const replica::ReplicaRead& read);
  void order_candidates();
  bool ask_until_enough();
  void ask(size_t target, bool wants_digest, bool is_spare = false);
  void note(wire::TraceStep step, size_t target, const base::Status& status = {},
            bool is_spare = false);
  void ask_spare();
  // Before one replica in place of another, once the answers wanted are late.
  base::Duration hedge_delay() const;
  void arm_hedge_timer();
  void arm_spare_timer();
  void on_late();
  void blame_the_silent();
  void on_read(size_t target, const base::Result<replica::ReplicaRead>& read);
  void on_failure(size_t target, const base::Status& status);
  // R replies are there: fetch the records behind digests nobody sent the record of, then merge.
  void resolve();
  void fetch(size_t target);
  void merge();
  // Of the state that `target` answered with; hashed only where two replies are compared.
  uint64_t digest_of(size_t target);
  bool all_digests_equal();
  // Writes `record` to the replicas that answered with another state; answers once R hold it.
  void repair(causality::Record record);
  void write_back(size_t target);
  void on_repaired(size_t target, const base::Status& status);
  void answer_unrepaired();
  void answer_with(const replica::RecordView& bytes);
  // For a session: `record` lacks something that it has seen.
  bool is_behind(const causality::Record& record) const;
  causality::Context seen_with_horizon(const causality::Record& record) const;
  void ask_beyond();
  base::Status behind(std::string why) const;
  void answer(base::Status status, causality::Record record = {});

  const Parts& parts_;
  const Options& options_;
  const std::shared_ptr<Counts> counts_;
  const std::string key_;
  const wire::Consistency consistency_;
  const base::Duration timeout_;
  GetDone done_;  // Empty once answered.
  Plan plan_;
  Tally tally_;
  base::BoundedVector<size_t, kTargetsMax> candidates_;  // In the order they are asked.
  size_t asked_ = 0;  // How many of them have been, to read or, in a repair, to take the record.
  std::bitset<kTargetsMax> silent_;  // Targets asked to read that have yet to say anything.
  std::vector<Reply> replies_;       // By target.
  // What a session has seen; its read is over when the answer has seen it too.
  const std::optional<causality::Context> at_least_;
  base::Counter horizon_;  // The highest of those who answered.
  size_t wanted_ = 1;      // Answers: more than the quorum, once that has turned out to be behind.
  bool is_hedged_ = false;
  bool is_resolving_ = false;
  size_t fetching_ = 0;
  size_t repairing_ = 0;
  causality::Record merged_;
  replica::RecordBytes merged_bytes_;
  std::unique_ptr<Trace> trace_;  // Null unless asked for, and once answered.
  base::TimerId deadline_;
  base::TimerId late_timer_;  // The hedge's, then the spare's.
  base::MonotonicTime started_;
  base::BudgetShare memory_;  // For the records in `replies_`.
};

}  // namespace distkv::coordinator
