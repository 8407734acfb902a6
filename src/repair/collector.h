// Moves horizons on, so that tombstones and expired records go (causality/horizon.h): now and then
// the replica of a partition with the least id looks whether it has a record that is long dead, and
// if so leads all replicas of the partition to a later horizon, `grace` behind its clock.
//
//   look for something spent → promise, all → prove, all, asked again until each has → adopt, all.
//
// A tombstone that a clock ahead of this node's has made is above such a horizon for as long as the
// clock is ahead. So the newest that is met is noted, and once this node has known it for the
// grace, by a clock that nobody sets, the partition is led to that.
//
// Safe by proof, whatever clocks say: a horizon needs every replica of the layout, and each says
// yes only to what it has proved (horizon_answers.h). The grace only keeps what was deleted
// recently, as a courtesy to who looks into it, and lets a replica be down for that long without a
// cost. While one is down its partitions keep their tombstones. Where one adopted a horizon and
// another did not hear of it, anti-entropy tells it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "repair/horizon_answers.h"

namespace distkv::repair {

// Partitions led at once: as many are compared in one message.
inline constexpr size_t kCollectPartitions = 64;
// Between two rounds: a fraction of the grace, within bounds.
inline constexpr base::Duration kCollectRestMin = std::chrono::seconds(1);
inline constexpr base::Duration kCollectRestMax = std::chrono::hours(6);
inline constexpr base::Duration kProveInterval = std::chrono::seconds(1);
inline constexpr uint32_t kProveTriesMax = 30;  // Then what is not proven waits for the next round.

class Collector {
 public:
  // All must outlive this.
  struct Host {
    storage::Engine& engine;
    replica::Replicas& replicas;
    replica::Holdings& holdings;
    HorizonAnswers& answers;  // This node's own part.
    const ring::LiveLayouts& layouts;
    base::Timers& timers;
    const base::Clock& clock;
    base::Log& log;
  };
  struct Options {
    base::Duration grace = std::chrono::hours(24);
    base::Duration replica_timeout{};
  };
  Collector(const Host& host, const Options& options) : host_(host), options_(options) {}
  ~Collector() { stop(); }

  void start() { rest(); }
  void stop();
  // What is under way is given up: its replicas may not be those of the partitions any more. A
  // tombstone that ages goes on doing so.
  void on_layouts_changed();

 private:
  // The partitions that are led together, and where each stands.
  struct Batch {
    base::Counter horizon;
    std::shared_ptr<const ring::Layout> layout;
    std::set<base::PartitionId> partitions;
    std::map<base::PartitionId, size_t> taken;  // Replicas that took the step under way.
    size_t waiting = 0;
    uint32_t tries = 0;
  };

  // The newest tombstone of a partition that was above its horizon, and when it was met.
  struct Aging {
    base::Counter newest;
    base::MonotonicTime since{};
  };

  void rest();
  void begin_round();
  base::Counter horizon_of(base::PartitionId partition) const;
  bool is_ours(base::PartitionId partition) const;
  void look();
  void on_page(base::Result<WalkedPage> page);
  void ask_all(wire::HorizonStep step, void (Collector::*next)());
  void keep_taken();
  void on_promised();
  void ask_for_proof();
  void on_proven();
  void on_adopted();
  void go_on(base::Duration delay, void (Collector::*step)());
  template <typename Callback>
  auto guarded(Callback callback);

  const Host host_;
  const Options options_;
  base::Counter usual_horizon_;  // Of the round under way: the grace behind this node's clock.
  std::map<base::PartitionId, Aging> aging_;
  std::deque<base::PartitionId> to_look_;
  std::string after_;
  base::Counter newest_;  // Tombstone of the first of them, as far as it was looked at.
  std::shared_ptr<Batch> batch_;
  base::TimerId timer_;
};

}  // namespace distkv::repair
