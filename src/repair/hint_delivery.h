// Hands hints to their targets once these are alive again. Dynamo §4.6.
//
// One target has at most kHintsInFlight records on the way and one pass at a time; a pass ends at
// the first failure and a later one goes on. Foreground work is never waited for and never waits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/timers.h"
#include "replica/hint_store.h"
#include "replica/replicas.h"
#include "ring/layout.h"

namespace distkv::repair {

inline constexpr size_t kHintsInFlight = 64;  // Per target: small beside foreground traffic.
inline constexpr base::Duration kHintPassInterval = std::chrono::seconds(1);

class HintDelivery {
 public:
  // All must outlive this.
  HintDelivery(replica::HintStore& hints, replica::Replicas& replicas,
               const ring::LiveLayouts& layouts, base::Timers& timers, base::Log& log,
               base::Duration replica_timeout);
  ~HintDelivery();

  void start();
  void stop();
  // `node` may have become reachable: begin at once rather than with the next interval.
  void wake(const base::NodeId& node);
  uint64_t delivered() const { return delivered_; }

 private:
  struct Pass {
    base::NodeId target;
    std::vector<replica::Hint> page;
    size_t waiting = 0;
    bool has_failed = false;
  };

  void run_passes();
  void begin(const base::NodeId& target);
  void next_page(const std::shared_ptr<Pass>& pass, std::optional<std::string> after);
  void deliver(const std::shared_ptr<Pass>& pass, size_t hint);
  void on_delivered(const std::shared_ptr<Pass>& pass, size_t hint, const base::Status& status);
  void finish_one(const std::shared_ptr<Pass>& pass);

  replica::HintStore& hints_;
  replica::Replicas& replicas_;
  const ring::LiveLayouts& layouts_;
  base::Timers& timers_;
  base::Log& log_;
  base::Duration replica_timeout_;
  std::set<base::NodeId> active_;  // Targets with a pass under way.
  uint64_t delivered_ = 0;
  bool is_running_ = false;
  base::TimerId timer_;
};

}  // namespace distkv::repair
