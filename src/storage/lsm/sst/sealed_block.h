// A block as it stands in the file: perhaps packed (LZ4), behind a header with its checksum.
//
//   checksum u64 | stored bytes u32 | raw bytes u32 | packing u8 | stored bytes …
//
// The checksum (XXH3-64, seeded with store, file and offset) covers everything behind itself; no
// byte is believed, and no length beyond what was read, before it agrees. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/lsm/sst/format.h"

namespace distkv::storage::lsm {

// The numbers are on disk.
enum class Packing : uint8_t { kNone = 0, kLz4 = 1 };

// Seals blocks of one sort; it learns whether packing them pays. Single owner.
class BlockSealer {
 public:
  BlockSealer(BlockSeed seed, bool is_packing) : seed_(seed), is_packing_(is_packing) {}

  // Appends `raw`, sealed for the place `offset`, to `out`; answers the bytes appended. At most
  // kBlockBytesMax raw bytes. `haste` as lsm::pack has it.
  size_t seal(std::string_view raw, uint64_t offset, std::string& out, int haste = 1);

 private:
  // Appends the packed form and answers its size; 0, appending nothing, where it saves too little.
  size_t pack(std::string_view raw, std::string& out, int haste);

  BlockSeed seed_;
  bool is_packing_;
  uint32_t misses_ = 0;   // Blocks in a row that packing did not help.
  uint32_t skipped_ = 0;  // Since the last attempt.
};

struct SealedBlock {
  std::string_view stored;
  uint32_t raw_bytes = 0;
  Packing packing = Packing::kNone;
};

// Bytes of the whole sealed block whose header `header` is; unverified.
uint64_t sealed_bytes(std::string_view header);

// Checks one whole sealed block and takes it apart; the views point into `sealed`. Answers what is
// wrong, or nullptr if it is sound.
const char* open_block(std::string_view sealed, uint64_t seed, SealedBlock& block);

// The block's contents: in place if it is not packed, otherwise in `unpacked`, which only grows.
// False if it does not unpack to what its header promised.
bool unpack(const SealedBlock& block, std::string& unpacked, std::string_view& raw);

// Makes `buffer` hold at least `bytes`; a buffer read again and again is zero-filled only once.
inline void grow(std::string& buffer, size_t bytes) {
  if (buffer.size() < bytes) buffer.resize(bytes);
}

}  // namespace distkv::storage::lsm
