// Memory that is only ever added to and freed as a whole: what a memtable lives in. Chunks go back
// to their pool and are used again, since the first touch of fresh memory costs microseconds a
// page. Invariant: what allocate() gave stays where it is until the arena goes.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

namespace distkv::storage::lsm {

// Keeps chunks between memtables. Thread-safe: the last reference to a frozen memtable may be
// dropped anywhere.
class ArenaPool {
 public:
  // One huge page, and aligned as one: a table of 64 MiB in small pages misses the processor's
  // translation cache at each access.
  static constexpr size_t kChunkBytes = 2 << 20;

  struct Free {
    void operator()(char* chunk) const { std::free(chunk); }
  };
  using Chunk = std::unique_ptr<char[], Free>;

  // Keeps at most `kept_max` free chunks; more are given back to the system.
  explicit ArenaPool(size_t kept_max) : kept_max_(kept_max) {}

  // A chunk of kChunkBytes, its content undefined. Never null.
  static Chunk make();
  // A kept chunk or a new one.
  Chunk take();
  void give(Chunk chunk);

 private:
  size_t kept_max_;
  std::mutex mutex_;
  std::vector<Chunk> free_;
};

class Arena {
 public:
  // Requests above it get a block of their own, so that no chunk ends with much of it unused.
  static constexpr size_t kSharedBytesMax = ArenaPool::kChunkBytes / 8;

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
  std::vector<ArenaPool::Chunk> chunks_;
  std::vector<std::unique_ptr<char[]>> large_;
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t bytes_ = 0;  // All chunks and blocks.
};

}  // namespace distkv::storage::lsm
