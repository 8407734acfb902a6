// Heals this node's store from the other replicas when tables of it turn out to be damaged.
//
//   damage is seen → take a new actor → range by range, page by page: ask the other replicas, merge
//   what they hold, put that in the place of what cannot be read → let the store drop the rest.
//
// Invariants:
//   - Before anything is replaced the store mints under an actor that the lost records cannot know:
//     it may have forgotten dots of the old one.
//   - What cannot be read answers kCorrupt until it is replaced by the merge of N - W + 1 other
//     replicas (all others, if that is fewer) in every live layout: every write that was
//     acknowledged with this replica's vote is in it. Nothing less may replace it, or the replica
//     would vote again without the write it voted for.
//   - Sound records are only merged into; the store keeps them when it drops the rest.
// Hints are not repaired: read repair and anti-entropy bring what they held. The node's own space
// cannot be.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/timers.h"
#include "replica/hint_store.h"
#include "replica/replicas.h"
#include "ring/layout.h"
#include "storage/engine.h"

namespace distkv::repair {

inline constexpr base::Duration kDamagePollInterval = std::chrono::seconds(1);
// Between attempts at a page that too few replicas sent: doubled up to the second.
inline constexpr base::Duration kDamageRetryMin = std::chrono::milliseconds(200);
inline constexpr base::Duration kDamageRetryMax = std::chrono::seconds(5);
// Between pages while the store is busy with others' work.
inline constexpr base::Duration kDamageYield = std::chrono::milliseconds(100);
inline constexpr double kDamagePressureMax = 0.5;

// What is to be asked of whom to restore one stretch of one partition.
struct DamagedStretch {
  // One live layout: so many of these replicas must send what they hold.
  struct Row {
    std::vector<base::NodeId> replicas;  // Without this node.
    size_t needed = 0;
  };
  base::Token first;
  base::Token last;
  std::vector<Row> rows;
  // Somebody else holds it.
  bool is_repairable() const;
};

// `ranges` cut by partitions, ascending, without what this node is no replica of.
std::vector<DamagedStretch> plan_repair(const std::vector<storage::Range>& ranges,
                                        const ring::LiveLayouts& layouts, const base::NodeId& self,
                                        uint32_t write_quorum);

using Place = std::pair<base::Token, std::string>;

struct MergedPage {
  std::optional<Place> end;  // Everything up to here; nullopt: to the end of the stretch.
  std::map<Place, replica::RecordBytes> records;
};

// What the pages say together, as far as all of them have looked: beyond that, the version of one
// may be missing. kCorrupt if a record cannot be read.
base::Result<MergedPage> merge_pages(std::map<base::NodeId, replica::PulledPage> pages);

class DamageRepair {
 public:
  // All must outlive this.
  struct Host {
    storage::Engine& engine;
    replica::LocalReplica& local;
    replica::Replicas& replicas;
    replica::HintStore& hints;
    const ring::LiveLayouts& layouts;
    base::Timers& timers;
    base::Log& log;
  };
  struct Options {
    uint32_t write_quorum = 2;  // W as configured.
    base::Duration replica_timeout{};
  };
  // `renew_actor`: answers when the store mints under a new actor, durably. `changed` is told of
  // the tokens whose records a repair begins or has ended to change past the replica.
  DamageRepair(const Host& host, const Options& options,
               std::function<void(storage::Done)> renew_actor,
               std::function<void(const storage::Range&)> changed);
  ~DamageRepair() { stop(); }

  void start();
  // What is under way is dropped; it does no harm and is done again after the next start.
  void stop();
  // How damage is being dealt with, as the end of a sentence; empty: there is none to deal with.
  const std::string& state() const { return state_; }

 private:
  struct Round {
    std::vector<uint64_t> ids;
    std::vector<storage::Range> ranges;
    base::LayoutVersion layout;
    bool is_settled = true;
    std::vector<DamagedStretch> stretches;
    size_t stretch = 0;
    std::string after;
    base::Duration retry{};
    std::string waiting;  // As logged last.
    uint64_t records = 0;
  };
  struct Page {
    std::map<base::NodeId, replica::PulledPage> answers;
    size_t waiting = 0;
    bool has_failed = false;
    MergedPage merged;
  };

  void poll();
  void report_lost(const std::vector<storage::DamagedRange>& damaged);
  void drop_hints(const std::vector<storage::DamagedRange>& damaged);
  void begin(const std::vector<storage::DamagedRange>& damaged);
  void renew_actor();
  void next_stretch();
  void pull_page();
  void on_page_pulled(const std::shared_ptr<Page>& page);
  bool is_enough(const Page& page, std::string& missing) const;
  void restore(const std::shared_ptr<Page>& page);
  void on_page_restored(const Page& page);
  void heal();
  void retry_later(const std::string& why);
  void end_round();
  // Runs `step` from a timer, so that a long list of empty pages is a loop and not a recursion.
  void go_on(base::Duration delay, void (DamageRepair::*step)());
  // Callbacks of a round that is over find it gone.
  template <typename Callback>
  auto guarded(Callback callback);

  const Host host_;
  const Options options_;
  const std::function<void(storage::Done)> renew_actor_;
  const std::function<void(const storage::Range&)> changed_;
  std::shared_ptr<Round> round_;
  std::set<uint64_t> renewed_for_;  // Tables damaged before the actor was taken.
  std::set<uint64_t> reported_;     // Tables that cannot be repaired.
  bool is_dropping_hints_ = false;
  std::shared_ptr<bool> life_ = std::make_shared<bool>(true);
  std::string state_;
  base::TimerId poll_timer_;
  base::TimerId step_timer_;
};

}  // namespace distkv::repair
