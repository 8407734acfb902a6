// Memory that is only ever added to and freed as a whole: what a memtable lives in. Chunks go back
// to their pool and are used again, since the first touch of fresh memory costs microseconds a
// page.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace distkv::storage::lsm {

// Keeps chunks between memtables. Thread-safe: the last reference to a frozen memtable may be
// dropped anywhere.
class ArenaPool {
 public:
  static constexpr size_t kChunkBytes = 1 << 20;  // Whole for malloc's mmap, small beside a table.

  // Keeps at most `kept_max` free chunks; more are given back to the system.
  explicit ArenaPool(size_t kept_max) : kept_max_(kept_max) {}
  std::unique_ptr<char[]> take();
  void give(std::unique_ptr<char[]> chunk);

 private:
  size_t kept_max_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<char[]>> free_;
};

class Arena {
 public:
  // `pool` may be null and is shared by all that may free a chunk.
  explicit Arena(std::shared_ptr<ArenaPool> pool) : pool_(std::move(pool)) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Aligned to 8. Requests above a chunk get a block of their own. Never null.
  char* allocate(size_t bytes);
  // Taken from the system or the pool so far.
  size_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<ArenaPool> pool_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::vector<std::unique_ptr<char[]>> large_;
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t bytes_ = 0;
};

}  // namespace distkv::storage::lsm
