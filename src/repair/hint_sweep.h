// Walks over all hints again and again, a page at a time, for what delivery alone would leave:
//
//   too old                                  → dropped, and its partition marked
//   (HintStore::expire) its target is no replica of it any more  → sent to those that are, then
//   forgotten
//
// Orphans are sent one after another: they are few, and only there after a change of layout. Where
// one of their replicas does not take them the others wait for the next sweep.
// On the way it notes how old the oldest hint of each target is.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "repair/hint_host.h"

namespace distkv::repair {

// From the end of a sweep to the next: of little account beside three hours.
inline constexpr base::Duration kHintSweepInterval = std::chrono::seconds(10);
// Between two pages; and where the store is pressed by others' work.
inline constexpr base::Duration kHintSweepPause = std::chrono::milliseconds(10);
inline constexpr base::Duration kHintSweepYield = std::chrono::milliseconds(500);

class HintSweep {
 public:
  explicit HintSweep(const HintHost& host) : host_(host) {}
  ~HintSweep() { stop(); }

  void start();
  void stop();

 private:
  struct Sweep {
    base::WallTime began{};
    std::map<base::NodeId, base::WallTime> oldest;
    std::vector<replica::HintHead> heads;  // The page.
    size_t head = 0;                       // The next to look at.
    size_t expiring = 0;
    std::optional<storage::Cursor> next;
    bool may_send = true;  // No replica refused an orphan so far.
  };
  // One orphan on its way to its replicas.
  struct Sending {
    replica::HintHead head;
    replica::Hint hint;
    size_t waiting = 0;
    bool has_failed = false;
  };

  void begin();
  void read_page();
  void expire_page();
  void next_head();
  void send(const replica::HintHead& head);
  void send_to_all(const std::shared_ptr<Sending>& sending);
  void finish_one(const std::shared_ptr<Sending>& sending);
  void end_page();
  void go_on(base::Duration delay, void (HintSweep::*step)());
  // Callbacks of a sweep that is over find it gone.
  template <typename Callback>
  auto guarded(Callback callback);

  const HintHost host_;
  std::shared_ptr<Sweep> sweep_;
  base::TimerId timer_;
};

}  // namespace distkv::repair
