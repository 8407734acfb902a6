// What one store was told, in the order in which it became visible, and what it has promised: the
// judge of what it may show after its program has died, and the source of all that the replica
// watch learns of a disk.
//
// Invariant: what a store shows is what its first n commits left, for an n that covers every
// promise: an answer that said or showed that a commit is durable, and so are all before it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "storage/engine.h"

namespace distkv::sim {

// Numbers the commits of one store, from 1, without gaps; a number that a crash lost is given
// again.
using CommitNumber = uint64_t;

// Watches all that reaches a store. Called within the store's own calls; must not touch it.
class DiskObserver {
 public:
  virtual ~DiskObserver() = default;
  // The write is visible to its program.
  virtual void on_write(CommitNumber commit, const storage::Write& write) = 0;
  // Everything up to this commit survives from now on.
  virtual void on_durable(CommitNumber through) = 0;
  // A crash lost everything after `kept`, none of which was durable.
  virtual void on_lost_after(CommitNumber kept) = 0;
  // Everything is lost.
  virtual void on_wiped() = 0;
  // This was lost to damage: what is written there next replaces nothing.
  virtual void on_lost_to_damage(const std::string&) {}
};

using Place = std::tuple<storage::Space, base::Token, std::string>;
using Entries = std::map<Place, storage::Entry>;

inline Place place_of(const storage::KeyRef& key) {
  return {key.space, key.token, std::string(key.key)};
}

// What was read of a store whose program is gone.
struct Found {
  Entries entries;
  std::set<Place> unreadable;  // The store says so, as it must where its disk was damaged.
};

class StoreAccount {
 public:
  // `observer` outlives this.
  explicit StoreAccount(DiskObserver& observer) : observer_(observer) {}

  // These writes became visible together.
  CommitNumber add(std::vector<storage::Write> writes);
  CommitNumber last() const { return promised_ + pending_.size(); }
  // The newest commit that wrote the key; zero if it is durable, or there is none.
  CommitNumber writer_of(const storage::KeyRef& key) const;
  // The store said that this commit is durable.
  void promise(CommitNumber through);
  // It showed the entry, which it may do only when that is durable. `part`: what of it.
  void promise_shown(const storage::KeyRef& key, const storage::EntryView& entry,
                     storage::Part part);

  // The program is dead and the store would now show this. Nullopt: it may; what it lost is
  // forgotten. Else what is wrong, in a sentence.
  std::optional<std::string> lose(const Found& found);
  // What a damaged disk held there may be lost, or shown as it was before: no longer judged.
  void excuse(const storage::Range& range) { excused_.push_back(range); }
  // The store says that it holds nothing there, or nothing it can read; if damage explains that it
  // held something, the observer is told.
  void forget_if_excused(const storage::KeyRef& key, bool is_replaced);
  // The disk was replaced by an empty one.
  void wipe();

  bool has_any(storage::Space space) const;
  // Everything that is there, or was when something was last made durable.
  std::set<Place> places() const;

 private:
  using Commit = std::vector<storage::Write>;

  std::optional<CommitNumber> shown_by(const Found& found) const;
  bool is_excused(const Place& place) const;

  DiskObserver& observer_;
  Entries durable_;  // After all promised commits.
  CommitNumber promised_ = 0;
  std::deque<Commit> pending_;  // Those after them.
  std::vector<storage::Range> excused_;
};

}  // namespace distkv::sim
