// Sync points: tells when every hint that was kept by now has been delivered or dropped.
//
// A wait remembers the last sequence given to a hint, and walks over the hints behind a mark: what
// was kept later is stepped over, what was kept before holds the mark until it is gone. New hints
// never lie before the mark with an old sequence, so each wait walks once, however long it lasts.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/timers.h"
#include "replica/hint_store.h"

namespace distkv::repair {

inline constexpr size_t kHintWaitsMax = 64;  // Operators' and tests'; more would be a mistake.
inline constexpr base::Duration kHintWaitPoll = std::chrono::milliseconds(50);

class HintWaits {
 public:
  // True: all are delivered or dropped; false: time is up. kShuttingDown: the node stops. Else why
  // the hints cannot be read.
  using Done = std::function<void(base::Result<bool>)>;

  // Both must outlive this.
  HintWaits(replica::HintStore& hints, base::Timers& timers) : hints_(hints), timers_(timers) {}
  ~HintWaits();

  // `done` runs once: soon, or when `timeout` has passed. `target`: none means all. kOverloaded if
  // kHintWaitsMax wait already.
  void wait(std::optional<base::NodeId> target, base::Duration timeout, Done done);
  // Answers everybody.
  void stop();

 private:
  struct Wait {
    std::optional<base::NodeId> target;
    uint64_t through = 0;  // The last sequence waited for.
    std::optional<storage::Cursor> after;
    Done done;  // Empty once answered.
    base::TimerId timeout;
    base::TimerId next_page;
    bool is_walking = false;
  };

  void poll();
  void step(const std::shared_ptr<Wait>& wait);
  void on_page(const std::shared_ptr<Wait>& wait, base::Result<replica::HintHeads> page);
  void finish(const std::shared_ptr<Wait>& wait, base::Result<bool> outcome);

  replica::HintStore& hints_;
  base::Timers& timers_;
  std::vector<std::shared_ptr<Wait>> waits_;
  base::TimerId poll_timer_;
};

}  // namespace distkv::repair
