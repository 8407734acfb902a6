// A store as the engine benchmark drives it: blocking calls, each peer behind its own best
// interface, so that no row pays for an adapter it would not need.
//
// A call that fails ends the program with a sentence: a benchmark that met an error has no figure.
// put and get may be called by one thread each at a time, beside one another, unless the kind has
// one owner; everything else by one thread alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace distkv::bench {

class DurableLoad;

struct Record {
  std::string_view key;
  std::string_view value;
};

using Visit = std::function<void(const Record&)>;
// Makes the value that replaces `current`; the view it returns lives until its next call.
using Change = std::function<std::string_view(std::string_view current)>;

class Store {
 public:
  virtual ~Store() = default;  // Closes in order, waiting for what runs in the background.

  // Visible when it returns, in the log soon after; not synced.
  virtual void put(std::string_view key, std::string_view value) = 0;
  // The view lives until the next get.
  virtual std::optional<std::string_view> get(std::string_view key) = 0;
  virtual void erase(std::string_view key) = 0;
  // Read-modify-write of a key that must be there.
  virtual void update(std::string_view key, const Change& change) = 0;
  // At most `count_max` records in the store's own order, from `first` on (or from the start if it
  // is empty); how many there were. `first` itself need not exist, nor be among them.
  virtual uint64_t scan(std::string_view first, uint64_t count_max, const Visit& visit) = 0;

  // Durable puts, as many at once as the load has lanes, until the load says it is over.
  virtual void put_durably(DurableLoad& load) = 0;
  // Durable when it returns, by one sync.
  virtual void put_batch(std::span<const Record> batch) = 0;

  // Lets background work go on for `time` while nothing is asked.
  virtual void rest(std::chrono::milliseconds time);
};

struct StoreOptions {
  std::string directory;
  uint64_t write_buffer_bytes = 0;  // One memtable.
  uint64_t cache_bytes = 0;         // Blocks or objects.
};

struct StoreKind {
  std::string name;
  std::string version;
  bool is_persistent = true;      // Its directory holds its records when the process is gone.
  bool has_one_owner = false;     // All calls must come from one thread.
  bool is_token_ordered = false;  // scan goes by (ring::token_of(key), key), else by key.
  std::unique_ptr<Store> (*open)(const StoreOptions& options) = nullptr;
};

// Those this program was built with; nullopt: not one of them.
std::optional<StoreKind> find_store_kind(std::string_view name);
std::vector<StoreKind> store_kinds();

// Each kind's file.
StoreKind lsm_kind();
StoreKind leveldb_kind();
StoreKind rocksdb_kind();
StoreKind map_kind();

// Ends the program: prints `why` and exits with 1.
[[noreturn]] void stop(const std::string& why);

}  // namespace distkv::bench
