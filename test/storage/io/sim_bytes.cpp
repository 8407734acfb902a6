#include "storage/io/sim_bytes.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::storage::io::test {

namespace {
bool is_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}
}  // namespace

void SimBytes::resize(uint64_t size) {
  const uint64_t within = size % kChunkBytes;
  if (size < size_ && within != 0) {
    const std::array<char, kChunkBytes> zeros{};
    write_chunk(size / kChunkBytes, within, {zeros.data(), kChunkBytes - within});
  }
  chunks_.resize((size + kChunkBytes - 1) / kChunkBytes);
  size_ = size;
}

void SimBytes::read(uint64_t offset, std::span<char> into) const {
  DISTKV_CHECK(offset <= size_ && into.size() <= size_ - offset);
  while (!into.empty()) {
    const uint64_t begin = offset % kChunkBytes;
    const size_t count = std::min<size_t>(into.size(), kChunkBytes - begin);
    const Chunk* chunk = chunks_[offset / kChunkBytes].get();
    if (chunk == nullptr) {
      std::fill_n(into.begin(), count, '\0');
    } else {
      std::copy_n(chunk->begin() + begin, count, into.begin());
    }
    offset += count;
    into = into.subspan(count);
  }
}

void SimBytes::write(uint64_t offset, std::string_view bytes) {
  DISTKV_CHECK(offset <= size_ && bytes.size() <= size_ - offset);
  while (!bytes.empty()) {
    const uint64_t begin = offset % kChunkBytes;
    const size_t count = std::min<size_t>(bytes.size(), kChunkBytes - begin);
    write_chunk(offset / kChunkBytes, begin, bytes.substr(0, count));
    offset += count;
    bytes.remove_prefix(count);
  }
}

void SimBytes::copy_sector(const SimBytes& from, uint64_t sector) {
  std::array<char, kSectorBytes> bytes{};
  const uint64_t offset = sector * kSectorBytes;
  const uint64_t count = std::min(kSectorBytes, std::min(size_, from.size_) - offset);
  from.read(offset, std::span(bytes).first(count));
  write(offset, {bytes.data(), count});
}

void SimBytes::write_chunk(uint64_t index, uint64_t begin, std::string_view bytes) {
  std::shared_ptr<Chunk>& chunk = chunks_[index];
  if (bytes.size() == kChunkBytes && is_zero(bytes)) {
    chunk.reset();
    return;
  }
  if (chunk == nullptr) {
    if (is_zero(bytes)) return;
    chunk = std::make_shared<Chunk>();
  } else if (chunk.use_count() > 1) {
    chunk = std::make_shared<Chunk>(*chunk);
  }
  std::copy(bytes.begin(), bytes.end(), chunk->begin() + begin);
}

}  // namespace distkv::storage::io::test
