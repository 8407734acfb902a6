// What is visible but not yet (known to be) in LevelDB: the newest pending entry of each key, and
// the ranges being dropped. A read asks here first.
// Invariant: a key is covered from the moment a write of it is visible until `purge` passes that
// write; so a read from LevelDB begun when `durable` stood at R is right, unless the overlay,
// purged no further than R since, says otherwise.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "storage/durability_gate.h"
#include "storage/engine.h"

namespace distkv::storage::leveldb {

struct Pending {
  std::shared_ptr<const Entry> entry;  // Null: erased.
  Sequence written;                    // The newest write.
  Sequence written_group;              // The newest write under Durability::kGroup.
};

class Overlay {
 public:
  // Nullopt: LevelDB knows. `key` is encoded.
  std::optional<Pending> find(const std::string& key) const;

  void put(const std::string& key, std::shared_ptr<const Entry> entry, Sequence written,
           Durability durability);
  void drop(const Range& range, Sequence written);
  // Forgets what was written at or before `bound`.
  void purge(Sequence bound);

 private:
  struct Drop {
    Sequence written;
    std::string first;  // Encoded places, both included.
    std::string last;
  };
  struct Mark {
    Sequence written;
    std::string key;
  };

  Sequence dropped_at(std::string_view key) const;

  std::unordered_map<std::string, Pending> pending_;
  std::deque<Mark> marks_;  // Every put, in order, so that purging costs what it frees.
  std::deque<Drop> drops_;
};

}  // namespace distkv::storage::leveldb
