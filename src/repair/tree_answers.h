// What a replica answers to one that compares its hash trees with it (repair/tree_exchange.h asks).
// Each request stands for itself: nothing is kept between two of them but who asked last, since one
// exchange at a time is enough work beside that of clients, and two at a time would bring the same
// records twice.
#pragma once

#include <functional>
#include <optional>

#include "base/clock.h"
#include "replica/local_replica.h"
#include "ring/layout.h"
#include "storage/engine.h"
#include "wire/messages.h"

namespace distkv::repair {

// A guest that asks nothing for so long has gone.
inline constexpr base::Duration kGuestPatience = std::chrono::seconds(3);
inline constexpr double kAnswerPressureMax = 0.5;
// Looked at for one comparison of keys; where a leaf has more, the answer ends early.
inline constexpr size_t kAnswerRecords = 4096;
// Of surplus states, or of whole records, in one answer, about.
inline constexpr size_t kAnswerBytes = 256 << 10;

class TreeAnswers {
 public:
  // All must outlive this.
  struct Host {
    storage::Engine& engine;
    replica::LocalReplica& local;
    const replica::HashTree& tree;
    const replica::Holdings& holdings;
    const ring::LiveLayouts& layouts;
    const base::Clock& clock;
    base::NodeId self;
  };
  explicit TreeAnswers(const Host& host) : host_(host) {}

  template <typename Reply>
  using Done = std::function<void(const Reply&)>;  // The reply's views live for the call.

  // The layout version of each request was judged. kUnavailable while partitions move.
  wire::RootsReply roots(const wire::RootsRequest& request) const;
  // kUnavailable: this node is no replica of it, has not built its tree yet, or has a lower
  // horizon: only the side that asks takes out what is obsolete. kOverloaded: another exchange is
  // under way, or the store is busy.
  wire::LeavesReply leaves(const base::NodeId& from, const wire::LeavesRequest& request);
  void keys(const base::NodeId& from, const wire::KeysRequest& request, Done<wire::KeysReply> done);
  void fetch(const base::NodeId& from, const wire::FetchRequest& request,
             Done<wire::FetchReply> done);
  void merge(const base::NodeId& from, const wire::MergeRequest& request,
             Done<wire::ApplyReply> done);

  // What two replicas compare of a partition: their trees' roots and their horizons. It is one that
  // this node holds.
  uint64_t root(base::PartitionId partition) const;
  bool is_ready(base::PartitionId partition) const;
  // This node is a replica of it.
  bool holds(base::PartitionId partition) const;
  // Spent records that were taken away because a comparison met them.
  uint64_t collected() const { return collected_; }

  // Another node than `except` has an exchange under way with this one.
  bool has_guest(const base::NodeId& except) const;
  // No guest is let in while this node drives an exchange of its own.
  void set_closed(bool is_closed) { is_closed_ = is_closed; }

 private:
  void welcome(const base::NodeId& guest);

  const Host host_;
  bool is_closed_ = false;
  base::NodeId guest_;
  base::MonotonicTime guest_until_{};
  uint64_t collected_ = 0;
};

}  // namespace distkv::repair
