// Hands hints to their targets once these are alive again. Dynamo §4.6.
//
//   a target is alive → pass: a page of its hints, all on the way at once → the next page … → the
//   end of its hints, or the first failure: then the next pass waits, twice as long each time.
//
// Invariants:
//   - A hint goes only after its target acknowledged it.
//   - A target has one page on the way: kHintPage. All together have kHintBytesInFlight, or one
//     page: so one slow target holds up no other, only sixteen at once would.
//   - While the store is pressed by others' work a pass ends after one page: a page a second.
// A hint whose target is no replica of its key any more is left to HintSweep; a target that has no
// others waits as one that fails.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "repair/hint_host.h"

namespace distkv::repair {

// Of one target: small beside foreground traffic.
inline constexpr replica::HintPageLimit kHintPage{64, 1 << 20};
inline constexpr size_t kHintBytesInFlight = 16 << 20;
inline constexpr base::Duration kHintPassInterval = std::chrono::seconds(1);
// Between passes to a target that fails: doubled up to the second. Coming alive ends it.
inline constexpr base::Duration kHintRetryMin = std::chrono::seconds(1);
inline constexpr base::Duration kHintRetryMax = std::chrono::seconds(16);

class HintDelivery {
 public:
  explicit HintDelivery(const HintHost& host) : host_(host) {}
  ~HintDelivery() { stop(); }

  void start();
  // What is on the way may still be acknowledged.
  void stop();
  // `node` may have become reachable: begin at once rather than with the next interval.
  void wake(const base::NodeId& node);

 private:
  struct Pass {
    base::NodeId target;
    std::vector<replica::Hint> page;
    std::optional<std::string> after;
    size_t bytes = 0;  // Of what it has on the way, or may have soon.
    size_t waiting = 0;
    bool has_sent = false;
    bool has_delivered = false;  // The target took one.
    base::Status failure;
  };
  struct Backoff {
    base::Duration delay{};
    base::TimerId timer;
    bool is_over = false;
  };

  void run_passes();
  void begin(const base::NodeId& target);
  // Its next page is read as soon as there is room for one, behind those that wait already.
  void next_page(const std::shared_ptr<Pass>& pass);
  void let_in_soon();
  // From a timer, so that a long list of pages is a loop and not a recursion.
  void let_in();
  void read_page(const std::shared_ptr<Pass>& pass);
  void on_page(const std::shared_ptr<Pass>& pass, base::Result<std::vector<replica::Hint>> page);
  void deliver(const std::shared_ptr<Pass>& pass, size_t hint);
  void on_delivered(const std::shared_ptr<Pass>& pass, size_t hint, const base::Status& status);
  void finish_one(const std::shared_ptr<Pass>& pass);
  void end(const std::shared_ptr<Pass>& pass);
  void back_off(const base::NodeId& target);
  // How much of kHintBytesInFlight the pass takes from now on.
  void take(const std::shared_ptr<Pass>& pass, size_t bytes);

  const HintHost host_;
  std::set<base::NodeId> active_;  // Targets with a pass under way.
  std::map<base::NodeId, Backoff> backoffs_;
  std::deque<std::shared_ptr<Pass>> waiting_;  // For room, first come; one pass a target.
  size_t bytes_in_flight_ = 0;
  bool is_running_ = false;
  base::TimerId pass_timer_;
  base::TimerId room_timer_;
};

}  // namespace distkv::repair
