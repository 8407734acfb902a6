#include "storage/lsm/memtable/arena.h"

#include <sys/mman.h>

#include <utility>

#include "base/check.h"

namespace distkv::storage::lsm {

ArenaPool::Chunk ArenaPool::make() {
  Chunk chunk(static_cast<char*>(std::aligned_alloc(kChunkBytes, kChunkBytes)));
  DISTKV_CHECK(chunk != nullptr);
  // Only advice: a system without huge pages refuses it, and everything works with small ones.
  static_cast<void>(::madvise(chunk.get(), kChunkBytes, MADV_HUGEPAGE));
  return chunk;
}

ArenaPool::Chunk ArenaPool::take() {
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      Chunk chunk = std::move(free_.back());
      free_.pop_back();
      return chunk;
    }
  }
  return make();
}

void ArenaPool::give(Chunk chunk) {
  std::lock_guard lock(mutex_);
  if (free_.size() < kept_max_) free_.push_back(std::move(chunk));
}

Arena::~Arena() {
  if (pool_ == nullptr) return;
  for (ArenaPool::Chunk& chunk : chunks_) pool_->give(std::move(chunk));
}

char* Arena::allocate_elsewhere(size_t bytes) {
  if (bytes > kSharedBytesMax) {
    large_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    bytes_ += bytes;
    return large_.back().get();
  }
  chunks_.push_back(pool_ == nullptr ? ArenaPool::make() : pool_->take());
  bytes_ += ArenaPool::kChunkBytes;
  next_ = chunks_.back().get();
  left_ = ArenaPool::kChunkBytes;
  return allocate(bytes);
}

}  // namespace distkv::storage::lsm
