// Memory that is only ever added to and freed as a whole: what a memtable lives in. Chunks go back
// to their pool and are used again, since the first touch of fresh memory costs microseconds a
// page. Invariant: what allocate() gave stays where it is until the arena goes.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace distkv::storage::lsm {

// Keeps chunks between memtables. Thread-safe: the last reference to a frozen memtable may be
// dropped anywhere.
class ArenaPool {
 public:
  // Whole for malloc's mmap, small beside a table. Not huge pages: they make a hit a tenth faster,
  // but the first touch of one stalled a put for milliseconds in a virtual machine.
  static constexpr size_t kChunkBytes = 1 << 20;

  // Keeps at most `kept_max` free chunks; more are given back to the system.
  explicit ArenaPool(size_t kept_max) : kept_max_(kept_max) {}

  // A kept chunk or a new one, its content undefined. Never null.
  std::unique_ptr<char[]> take();
  void give(std::unique_ptr<char[]> chunk);
  // A new chunk, for those who have no pool.
  static std::unique_ptr<char[]> make();

 private:
  size_t kept_max_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<char[]>> free_;
};

class Arena {
 public:
  // Requests above it get a block of their own, so that no chunk ends with much of it unused.
  static constexpr size_t kSharedBytesMax = ArenaPool::kChunkBytes / 4;

  // `pool` may be null and is shared by all that may free a chunk.
  explicit Arena(std::shared_ptr<ArenaPool> pool) : pool_(std::move(pool)) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Aligned to 8, its content undefined. Never null.
  char* allocate(size_t bytes) {
    bytes = (bytes + kAlignment - 1) & ~(kAlignment - 1);
    if (bytes > left_) return allocate_elsewhere(bytes);
    char* given = next_;
    next_ += bytes;
    left_ -= bytes;
    return given;
  }
  // Handed out so far, and the unused ends of full chunks; not what is left of the current one.
  size_t bytes() const { return bytes_ - left_; }

 private:
  static constexpr size_t kAlignment = 8;

  char* allocate_elsewhere(size_t bytes);

  std::shared_ptr<ArenaPool> pool_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::vector<std::unique_ptr<char[]>> large_;
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t bytes_ = 0;  // All chunks and blocks.
};

}  // namespace distkv::storage::lsm
