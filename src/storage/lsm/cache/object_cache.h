// Whole entries kept in memory because they were read twice. Not blocks: keys are in hash order,
// so a hot entry's neighbours are cold (Kangaroo, SOSP 2021, makes the same point).
//
// Entries lie in one ring of bytes, newest at the head; what the head overtakes is gone, unless it
// was hit since it passed the middle, then it was copied to the head (a FIFO with one second
// chance). The index is set-associative and holds no pointers, so nothing is allocated after the
// first use. A key is admitted at its second miss within the last few; scans never come here.
//
// Single owner. Invariant kept by the caller: a key that is written is erased here first, so the
// cache never disagrees with the tables.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "storage/engine.h"
#include "storage/lsm/row.h"

namespace distkv::storage::lsm {

class ObjectCache {
 public:
  // 0 bytes: an empty cache that admits nothing. Memory is taken as it is first used.
  explicit ObjectCache(uint64_t bytes_max);
  ~ObjectCache();

  // `hash` is hash_of({key.token, key.key}) (row.h) in all calls.
  void prefetch(uint64_t hash) const;
  // The views live until the next call that is not const.
  std::optional<EntryView> find(uint64_t hash, const KeyRef& key);
  // After a miss: keeps the entry if the key missed lately already. Entries over 1/64 of the cache
  // are never kept.
  void offer(uint64_t hash, const KeyRef& key, const EntryView& entry);
  void erase(uint64_t hash, const KeyRef& key);
  // Forgets everything (a drop of a range, a quarantine).
  void clear();

  uint64_t bytes() const;
  uint64_t hits() const { return hits_; }
  uint64_t misses() const { return misses_; }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

}  // namespace distkv::storage::lsm
