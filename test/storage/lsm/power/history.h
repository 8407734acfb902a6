// What a store was told, in the order in which it became visible, and what it has promised: the
// judge of what it may show after the power came back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "storage/engine.h"

namespace distkv::storage::lsm::test {

using Place = std::tuple<Space, base::Token, std::string>;
using State = std::map<Place, Entry>;

class History {
 public:
  // A commit became visible; its number, from 1.
  size_t add(const std::vector<Write>& writes, Durability durability);
  // The store has said, or shown in an answer, that this commit and so all before it are durable.
  void promise(size_t commit);
  // A read has shown this entry: a kGroup write is shown only when it is durable.
  void promise_shown(const Place& place, const EntryView& entry);
  size_t commits() const { return commits_.size(); }
  size_t promised() const { return promised_; }
  // The newest commit that wrote the place; 0: none.
  size_t writer_of(const Place& place) const;

  // Nullopt if `found` is what the first n commits leave, for an n that keeps every promise; else
  // what is wrong, in a sentence.
  std::optional<std::string> complaint(const State& found) const;
  // The store came back with `found`: what it lost is forgotten, what it shows is a promise.
  void resume(const State& found);

 private:
  // The n of complaint(); nullopt: none.
  std::optional<size_t> prefix_of(const State& found, size_t least) const;
  struct Commit {
    std::vector<Write> writes;
    Durability durability;
  };
  static void apply(const Commit& commit, State& state);

  State start_;  // Before the first commit.
  std::vector<Commit> commits_;
  size_t promised_ = 0;
};

}  // namespace distkv::storage::lsm::test
