// What a replica does when another asks it to come to a common horizon (repair/README.md has the
// whole protocol; repair/collector.h asks).
//
//   promise: mint nothing at or below it, durably → prove: since this was first asked, all this
//   node holds of the partition is at every replica of it, and theirs here → adopt: the horizon
//   holds here; take away what is spent.
//
// A new replica, of partitions that are moving, inherits: it is behind (replica/holdings.h) until
// an exchange has brought it the horizon and taken out what is obsolete.
//
// Invariant: a horizon is adopted only where this same life of the node promised it, and proved it
// after every other replica had promised it. What is promised and proved is forgotten with the
// process, and when the layout changes: the next round asks again.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "repair/anti_entropy.h"
#include "repair/spent.h"

namespace distkv::repair {

inline constexpr size_t kSpentItems = 512;  // Looked at in one page.
inline constexpr base::Duration kSpentPause = std::chrono::milliseconds(2);
inline constexpr base::Duration kSpentYield = std::chrono::milliseconds(100);
inline constexpr double kSpentPressureMax = 0.5;

class HorizonAnswers {
 public:
  // All must outlive this.
  struct Host {
    storage::Engine& engine;
    replica::LocalReplica& local;
    replica::Holdings& holdings;
    AntiEntropy& trees;
    const ring::LiveLayouts& layouts;
    base::Timers& timers;
    const base::Clock& clock;
    base::Log& log;
    std::function<void(storage::Done)> save_holdings;
  };
  explicit HorizonAnswers(const Host& host) : host_(host) {}
  ~HorizonAnswers() { stop(); }

  void stop();
  void on_layouts_changed() { steps_.clear(); }
  // The layout version was judged. `done` once, when what is answered is durable; its reply's views
  // live for the call. kUnavailable while partitions move.
  void answer(const wire::HorizonRequest& request,
              std::function<void(const wire::HorizonReply&)> done);
  // Records taken away since the start.
  uint64_t collected() const { return collected_; }

 private:
  struct Step {
    base::Counter horizon;
    std::optional<base::MonotonicTime> proving_since;
  };

  bool promise(base::PartitionId partition, base::Counter horizon);
  bool prove(base::PartitionId partition, base::Counter horizon);
  bool adopt(base::PartitionId partition, base::Counter horizon);
  bool inherit(base::PartitionId partition, base::Counter horizon);
  bool take(wire::HorizonStep step, base::PartitionId partition, base::Counter horizon);
  bool is_shared(base::PartitionId partition, base::MonotonicTime since) const;
  void next_page();
  void on_page(base::Result<WalkedPage> page);
  // Callbacks of a walk that was stopped find it gone.
  template <typename Callback>
  auto guarded(Callback callback);

  const Host host_;
  std::map<base::PartitionId, Step> steps_;
  std::deque<base::PartitionId> to_clear_;  // Of what is spent.
  std::string after_;                       // How far the first of them was looked at.
  bool is_clearing_ = false;
  uint64_t collected_here_ = 0;  // Of the first of them.
  uint64_t collected_ = 0;
  base::TimerId timer_;
  std::shared_ptr<bool> life_ = std::make_shared<bool>(true);
};

}  // namespace distkv::repair
