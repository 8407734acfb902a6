// Bytes of a simulated file: 4 KiB chunks, shared between copies until one of them writes, absent
// where all is zero. A copy costs a pointer a chunk, so a disk can be snapshot often and a file of
// 64 MiB of zeros costs nothing. Invariant: everything past size() within the last chunk is zero.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace distkv::storage::io::test {

inline constexpr uint64_t kSectorBytes = 512;  // What a disk writes as a whole, or does not.
inline constexpr uint64_t kChunkBytes = 4096;  // A page; also what space is allocated in.
inline constexpr uint64_t kSectorsPerChunk = kChunkBytes / kSectorBytes;

class SimBytes {
 public:
  uint64_t size() const { return size_; }
  // Grows with zeros or cuts.
  void resize(uint64_t size);
  // The range must lie within size().
  void read(uint64_t offset, std::span<char> into) const;
  void write(uint64_t offset, std::string_view bytes);
  // Takes a whole chunk, or one sector, of `from` over; both must be as long.
  void share_chunk(const SimBytes& from, uint64_t chunk) { chunks_[chunk] = from.chunks_[chunk]; }
  void copy_sector(const SimBytes& from, uint64_t sector);

 private:
  using Chunk = std::array<char, kChunkBytes>;

  void write_chunk(uint64_t chunk, uint64_t begin, std::string_view bytes);

  uint64_t size_ = 0;
  std::vector<std::shared_ptr<Chunk>> chunks_;
};

}  // namespace distkv::storage::io::test
