// LevelDB behind blocking calls in our words: keys encoded, entries checked, errors named. Knows
// nothing of callbacks or order; LevelDbEngine makes these calls on its executors.
// Source: LevelDB 1.23, doc/index.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/engine.h"

namespace leveldb {
class Cache;
class DB;
class Env;
class FilterPolicy;
class Snapshot;
class WriteBatch;
}  // namespace leveldb

namespace distkv::storage::leveldb {

struct Options {
  std::string directory;                  // Created if it is missing; its parent must exist.
  size_t cache_bytes = 64 << 20;          // Blocks kept uncompressed.
  size_t write_buffer_bytes = 64 << 20;   // Larger ones make fewer, larger tables.
  uint64_t pending_bytes_max = 64 << 20;  // Visible, not durable; see Engine::pressure.
  ::leveldb::Env* env = nullptr;          // Null: the system's. Tests put faults here.
};

// A write of one encoded key; null erases.
struct Change {
  std::string key;
  std::shared_ptr<const Entry> entry;
};

// LevelDB's snapshot, released with the last reference, on whatever thread that is. Must not
// outlive its Database.
class Pin {
 public:
  explicit Pin(::leveldb::DB& db);
  ~Pin();
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  const ::leveldb::Snapshot* get() const { return snapshot_; }

 private:
  ::leveldb::DB& db_;
  const ::leveldb::Snapshot* snapshot_;
};

// get, scan, pin and copy_to may be called from any thread, commit and erase_range from one.
class Database {
 public:
  // kIo if the directory cannot be used (its message says why), kCorrupt if it is damaged.
  static base::Result<std::unique_ptr<Database>> open(const Options& options);
  // Waits for LevelDB's own thread. Every Pin must be gone.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  base::Result<std::optional<Entry>> get(const std::string& key, Part part) const;
  // All or nothing, on disk when it returns ok.
  base::Status commit(const std::vector<Change>& changes);
  // On disk when it returns ok; a crash within leaves a part of the range erased.
  base::Status erase_range(const Range& range);
  std::shared_ptr<const Pin> pin() const;
  // `pin` null: as of now. Reads around LevelDB's block cache.
  base::Result<Page> scan(const Scan& scan, const Pin* pin) const;
  // A database of its own in `directory`, complete or not there at all; kInvalidArgument if there
  // is something already.
  base::Status copy_to(const std::string& directory) const;

 private:
  // What an open database leans on until it is closed.
  struct Parts {
    std::unique_ptr<const ::leveldb::FilterPolicy> filter;
    std::unique_ptr<::leveldb::Cache> cache;
    std::unique_ptr<::leveldb::DB> db;  // Last, so that it goes first.
  };

  base::Status copy_entries(::leveldb::DB& copy) const;

  Options options_;
  Parts parts_;

 public:
  // For open alone: nobody else can name Parts.
  Database(Options options, Parts parts);
};

}  // namespace distkv::storage::leveldb
