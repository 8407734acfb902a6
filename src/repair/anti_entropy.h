// Keeps replicas equal without anybody asking: round after round this node compares the hash trees
// of the partitions it shares with each other node, and lets what differs be exchanged. Dynamo
// §4.7.
//
//   round: peer by peer → roots of all shared partitions in one message → equal: proven.
//   Different: wait a moment, since a write on its way differs too → partition by partition,
//   TreeExchange → next peer → rest.
//
// Of two nodes the one with the lesser id compares, and the other answers (TreeAnswers); a
// partition that is dirty is compared by whoever knows. Invariants: a node takes part in one
// exchange at a time, in either role; nothing is compared while partitions move, or while a tree is
// not built; only equal hashes prove a partition.
//
// A partition that is behind (replica/holdings.h) has caught up once it was shared with N - W + 1
// of the other replicas: whatever W replicas acknowledged, this one perhaps among them, one of
// these held.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/timers.h"
#include "repair/proofs.h"
#include "repair/tree_answers.h"
#include "repair/tree_exchange.h"

namespace distkv::repair {

// Between a difference and a second look at it: most writes have arrived by then.
inline constexpr base::Duration kSettleTime = std::chrono::seconds(1);
// Until the next round where the last one left something undone, or something became dirty; up to
// twice as long, so that nodes that refused each other do not meet again.
inline constexpr base::Duration kRoundSoon = std::chrono::seconds(1);
inline constexpr double kRoundPressureMax = 0.5;

class AntiEntropy {
 public:
  // All must outlive this.
  struct Host {
    storage::Engine& engine;
    replica::LocalReplica& local;
    replica::Replicas& replicas;
    const replica::HashTree& tree;
    replica::Holdings& holdings;
    const ring::LiveLayouts& layouts;
    base::Timers& timers;
    const base::Clock& clock;
    base::Log& log;
    std::function<void(storage::Done)> save_holdings;
  };
  struct Options {
    base::Duration interval{};  // Between rounds that found all equal.
    base::Duration replica_timeout{};
    uint32_t write_quorum = 2;  // W
  };
  AntiEntropy(const Host& host, const Options& options, base::Rng rng);
  ~AntiEntropy() { stop(); }

  void start();
  // What is under way is dropped, which does no harm.
  void stop();
  void on_layouts_changed();
  // A replica of the partition may lack something that nothing else will bring: a hint was dropped.
  // It is compared with all its replicas soon.
  void mark_dirty(base::PartitionId partition);
  const Proofs& proofs() const { return proofs_; }
  // Not proven equal since.
  bool is_dirty(base::PartitionId partition) const { return proofs_.is_dirty(partition); }

  // `mismatches` is the survey's to fill in.
  wire::AntiEntropyStatus status() const;

  // What other nodes ask. Roots equal to this node's prove a partition here as well.
  wire::RootsReply answer_roots(const base::NodeId& from, const wire::RootsRequest& request);
  // One with a higher horizon is refused, and asked soon.
  wire::LeavesReply answer_leaves(const base::NodeId& from, const wire::LeavesRequest& request);
  TreeAnswers& answers() { return answers_; }
  const TreeAnswers& answers() const { return answers_; }

 private:
  // One comparison with one peer.
  struct Visit {
    base::NodeId peer;
    std::vector<base::PartitionId> partitions;
    base::MonotonicTime asked_at{};
    std::deque<base::PartitionId> differing;
    size_t exchanged = 0;
    uint64_t records_sent = 0;
    uint64_t records_got = 0;
    uint64_t bytes_before = 0;
  };

  void rest(base::Duration duration);
  base::Duration soon() { return kRoundSoon + base::Duration(rng_.below(kRoundSoon.count())); }
  void begin_round();
  void next_visit();
  void on_roots(const wire::RootsReply& reply);
  void next_exchange();
  void on_exchanged();
  void end_visit();
  void on_shared(base::PartitionId partition, const base::NodeId& peer, base::MonotonicTime at);
  void catch_up(base::PartitionId partition);
  bool is_ready(base::PartitionId partition) const;
  base::MonotonicTime now() const { return host_.clock.now(); }
  void go_on(base::Duration delay, void (AntiEntropy::*step)());
  // Callbacks of a visit that is over find it gone.
  template <typename Callback>
  auto guarded(Callback callback);

  const Host host_;
  const Options options_;
  base::Rng rng_;
  TreeAnswers answers_;
  Proofs proofs_;
  std::map<base::NodeId, std::vector<base::PartitionId>> to_visit_;
  std::shared_ptr<Visit> visit_;
  std::unique_ptr<TreeExchange> exchange_;
  base::MonotonicTime exchange_began_{};
  Exchanged exchanged_;
  bool is_running_ = false;
  bool is_unfinished_ = false;  // This round left something undone.
  bool is_resting_ = false;     // Between rounds, for the full interval.
  uint64_t rounds_ = 0;
  uint64_t records_ = 0;
  uint64_t collected_ = 0;
  base::TimerId timer_;
};

}  // namespace distkv::repair
