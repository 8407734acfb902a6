// One write: mint here, replicate everywhere, answer at W, hint what failed. Kept alive by its
// deadline until it has answered, and by the callbacks it waits for.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "coordinator/coordinator.h"
#include "coordinator/tally.h"

namespace distkv::coordinator {

class PutOperation : public std::enable_shared_from_this<PutOperation> {
 public:
  PutOperation(const Parts& parts, const Options& options, std::shared_ptr<Counts> counts,
               PutCommand command, PutDone done);
  ~PutOperation();

  void start();

 private:
  base::Status judge();
  void on_minted(base::Result<replica::Minted> minted);
  void replicate();
  void on_replica(size_t target, const base::Status& status, base::Persistence persistence);
  void keep_hint(size_t target);
  void note(wire::TraceStep step, size_t target, const base::Status& status = {});
  void answer_if_decided();
  void answer(base::Status status);
  base::Status unknown(std::string why) const;

  const Parts& parts_;
  const Options& options_;
  const std::shared_ptr<Counts> counts_;
  const std::string key_;
  PutCommand command_;  // `key` views key_.
  PutDone done_;        // Empty once answered.
  Plan plan_;
  Tally tally_;
  replica::Minted minted_;
  base::BudgetShare memory_;  // For what was minted, while replicas are waited for.
  std::array<base::Persistence, kTargetsMax> persistence_{};  // By target, where it succeeded.
  std::vector<base::NodeId> hinted_;
  std::unique_ptr<Trace> trace_;  // Null unless asked for, and once answered.
  base::TimerId deadline_;
};

}  // namespace distkv::coordinator
