// A history of one key written by hand: writes are named by letters, each minted by a store of its
// own, and "ab" is a context that speaks of the writes a and b.
#pragma once

#include <optional>
#include <string>

#include "history/check.h"

namespace distkv::history {

inline constexpr char kStoryKey[] = "key";

inline std::string value_of(char name) { return std::string("value of ") + name; }

inline Coverage coverage_of(const std::string& names) {
  Coverage coverage;
  for (const char name : names) {
    const base::ActorId store{static_cast<uint64_t>(name)};
    coverage.add({store, base::Counter{7}, base::Counter{7}});
  }
  return coverage;
}

class Story {
 public:
  // A client, and the seconds in which it waits.
  struct When {
    uint32_t client = 0;
    int begin = 0;
    int end = 0;
  };

  // Acknowledged at quorum; `seen` by its receipt. `context_of`: whose answer it builds on.
  Operation& put(char name, When when, const std::string& seen,
                 std::optional<size_t> context_of = std::nullopt) {
    Operation& put = add(Kind::kPut, when, seen);
    put.value = value_of(name);
    put.context_of = context_of;
    return put;
  }
  Operation& remove(When when, const std::string& seen,
                    std::optional<size_t> context_of = std::nullopt) {
    Operation& remove = add(Kind::kDelete, when, seen);
    remove.context_of = context_of;
    return remove;
  }
  // A read of all siblings.
  Operation& get(When when, const std::string& seen, const std::string& names) {
    Operation& get = add(Kind::kGet, when, seen);
    for (const char name : names) get.values.push_back(value_of(name));
    get.sibling_count = static_cast<uint32_t>(names.size());
    return get;
  }
  // The place of the last operation told.
  size_t last() const { return history_.size() - 1; }

  // The names of the faults found, each followed by a space.
  std::string faults(const Promises& promises = {}) const {
    std::string names;
    for (const Violation& violation : check(history_, promises).violations) {
      names.append(name_of(violation.fault)).append(" ");
    }
    return names;
  }
  const History& history() const { return history_; }
  History& operations() { return history_; }

 private:
  Operation& add(Kind kind, When when, const std::string& seen) {
    Operation operation;
    operation.kind = kind;
    operation.client = when.client;
    operation.key = kStoryKey;
    operation.invoked_at = base::MonotonicTime(std::chrono::seconds(when.begin));
    operation.returned_at = base::MonotonicTime(std::chrono::seconds(when.end));
    operation.outcome = Outcome::kOk;
    operation.seen = coverage_of(seen);
    history_.push_back(operation);
    return history_.back();
  }

  History history_;
};

}  // namespace distkv::history
