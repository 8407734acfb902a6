#include "storage/lsm/memtable/arena.h"

#include <utility>

namespace distkv::storage::lsm {

std::unique_ptr<char[]> ArenaPool::make() {
  return std::make_unique_for_overwrite<char[]>(kChunkBytes);
}

std::unique_ptr<char[]> ArenaPool::take() {
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<char[]> chunk = std::move(free_.back());
      free_.pop_back();
      return chunk;
    }
  }
  return make();
}

void ArenaPool::give(std::unique_ptr<char[]> chunk) {
  std::lock_guard lock(mutex_);
  if (free_.size() < kept_max_) free_.push_back(std::move(chunk));
}

Arena::~Arena() {
  if (pool_ == nullptr) return;
  for (std::unique_ptr<char[]>& chunk : chunks_) pool_->give(std::move(chunk));
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
