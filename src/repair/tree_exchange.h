// Brings one partition to the same state at this node and one other replica of it, as the side that
// asks: compares leaves, below those that differ the records, and moves each record that one side
// lacks, or knows less of, in the direction it is needed.
//
//   leaves → batch by batch: take away what is spent → tags of this side's records → what the peer
//   lacks, and the causal states of what it has beside → take out what the peer's horizon says is
//   obsolete → fetch what it knows more of, merge what it knows less of → the same leaves again,
//   until none differs.
//
// Invariants: only whole records travel, and they are merged, so whatever is repeated or half done
// does no harm. A value travels only to a side whose causal state does not include it yet. One
// request is on the way at a time, and the rate is bounded.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/timers.h"
#include "repair/leaf_walk.h"
#include "replica/replicas.h"
#include "ring/layout.h"
#include "storage/engine.h"
#include "wire/messages.h"

namespace distkv::repair {

inline constexpr size_t kExchangeLeaves = 256;       // Compared at once: as many scans in a row.
inline constexpr size_t kExchangeRecords = 1024;     // Likewise: 4 KiB of tags.
inline constexpr size_t kExchangeKeys = 256;         // Fetched at once.
inline constexpr size_t kExchangeBytes = 256 << 10;  // Of whole records in one message, about.
// What both sides can take beside their clients: a quarter of a gigabit link.
inline constexpr uint64_t kExchangeBytesPerSecond = 32 << 20;
inline constexpr double kExchangePressureMax = 0.5;
inline constexpr base::Duration kExchangeYield = std::chrono::milliseconds(100);
// Writes on their way make leaves differ for a moment; after so many looks the rest waits for the
// next round.
inline constexpr uint32_t kExchangePassesMax = 3;
static_assert(kExchangeRecords <= wire::kTreeRecordsMax && kExchangeKeys <= wire::kTreeRecordsMax);

struct Exchanged {
  base::Status status;    // Why it ended early.
  bool is_equal = false;  // Each leaf was equal at some moment since the exchange began.
  // All that either side held when the exchange began, both hold now.
  bool is_shared = false;
  base::Counter horizon = {};  // The peer's, of the partition; this side's, if that is higher, may
                               // rise to it once all is shared.
  uint64_t collected = 0;
  uint64_t records_sent = 0;
  uint64_t records_got = 0;
};

// Which side knows something of a record that the other does not.
struct Direction {
  bool is_fetched = false;
  bool is_sent = false;
  bool is_settled = false;  // Part of this side's is obsolete by the peer's horizon.
};
struct Horizons {
  base::Counter own;
  base::Counter peer;
};
// By causal states alone; kCorrupt if one cannot be read. An empty state is that of no record.
base::Result<Direction> direction_of(std::string_view own_meta, std::string_view peer_meta,
                                     const Horizons& horizons = {});

class TreeExchange {
 public:
  // All must outlive this.
  struct Host {
    storage::Engine& engine;
    replica::LocalReplica& local;
    replica::Replicas& replicas;
    const replica::HashTree& tree;
    const replica::Holdings& holdings;
    base::Timers& timers;
  };
  struct Task {
    base::NodeId peer;
    base::PartitionId partition;
    std::shared_ptr<const ring::Layout> layout;
    base::Duration replica_timeout{};
    uint64_t salt = 0;
  };
  // `done` runs once, from a timer or an answer, as the last thing this does.
  TreeExchange(const Host& host, Task task, std::function<void(const Exchanged&)> done);
  ~TreeExchange() { host_.timers.stop(timer_); }

  void start() { compare_leaves(); }

 private:
  // One batch of records under comparison.
  struct Batch {
    std::vector<replica::Leaf> leaves;
    WalkedPage own;
    std::string end;  // How far both have looked; empty: to the end of its leaves.
    std::deque<std::pair<std::string, std::string>> to_settle;  // Key, and the peer's state.
    std::deque<std::string> to_fetch;
    std::deque<std::string> to_send;
  };

  void compare_leaves();
  void on_leaves(const wire::LeavesReply& reply);
  void next_batch();
  void walk();
  void compare_keys();
  void on_keys(const wire::KeysReply& reply);
  base::Status sort(std::string_view key, std::string_view own_meta, std::string_view peer_meta);
  void settle();
  void fetch();
  void on_fetched(const wire::FetchReply& reply, const std::vector<std::string>& asked);
  void send();
  void send_batch(const std::map<std::string, replica::RecordBytes>& records);
  void end_batch();
  Horizons horizons() const;
  void fail(const base::Status& status);
  void finish();
  // From a timer, spaced by what was moved and by how busy the store is.
  void go_on(void (TreeExchange::*step)());
  // Callbacks that outlive this find it gone.
  template <typename Callback>
  auto guarded(Callback callback);
  template <typename Reply, typename Request, typename Done>
  void ask(const Request& request, Done done);

  const Host host_;
  const Task task_;
  const std::function<void(const Exchanged&)> done_;
  std::vector<replica::Leaf> asked_;      // The leaves compared last.
  std::vector<replica::Leaf> differing_;  // Of these.
  std::vector<replica::Leaf> left_;       // Of these, not looked into yet.
  std::string after_;                     // How far the first of them were.
  Batch batch_;
  uint32_t passes_ = 0;
  uint64_t requests_ = 0;
  uint64_t bytes_paced_;  // Of Replicas::bytes_asked.
  Exchanged result_;
  base::TimerId timer_;
  std::shared_ptr<bool> life_ = std::make_shared<bool>(true);
};

}  // namespace distkv::repair
