// What a store was told, in the order in which it became visible, and what it has promised: the
// judge of what it may show after a restart, with or without the loss of power.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "storage/engine.h"

namespace distkv::storage::lsm::test {

using Place = std::tuple<Space, base::Token, std::string>;
using State = std::map<Place, Entry>;

// What was read: entries, and places the store says it cannot read.
struct Found {
  State entries;
  std::set<Place> unreadable;
};

class History {
 public:
  // A commit became visible; its number, from 1.
  size_t add(const std::vector<Write>& writes, Durability durability);
  // The commits from this one on never were: the store refused them.
  void take_back(size_t first);
  // The store has said, or shown in an answer, that this commit and so all before it are durable.
  void promise(size_t commit);
  // A read has shown this entry: a kGroup write is shown only when it is durable.
  void promise_shown(const Place& place, const EntryView& entry);
  size_t commits() const { return commits_.size(); }
  size_t promised() const { return promised_; }
  // The newest commit that wrote the place; 0: none.
  size_t writer_of(const Place& place) const;
  // What all commits leave.
  State visible() const;
  // Everything that ever was or was erased.
  std::set<Place> places() const;
  // The same story, with fewer promises.
  History promising(size_t promised) const;

  // Nullopt if `found` is what the first n commits leave, for an n that keeps every promise; else
  // what is wrong, in a sentence.
  std::optional<std::string> complaint(const Found& found) const;
  // The store came back with `found`: what it lost is forgotten, what it shows is a promise.
  void resume(const Found& found);

 private:
  struct Commit {
    std::vector<Write> writes;
    Durability durability;
  };
  // The n of complaint(); nullopt: none.
  std::optional<size_t> prefix_of(const Found& found, size_t least) const;
  static void apply(const Commit& commit, State& state);

  State start_;  // Before the first commit.
  std::vector<Commit> commits_;
  size_t promised_ = 0;
};

// A checkpoint that was acknowledged. Its own history ends at the answer and promises what was
// promised at the call.
struct Copy {
  std::string directory;
  History history;
};

}  // namespace distkv::storage::lsm::test
