// The shape of a table file in numbers: where a block lies, its limits, and how integers are laid
// out. FORMAT.md tells the rest.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "storage/lsm/ids.h"

namespace distkv::storage::lsm {

static_assert(std::endian::native == std::endian::little,
              "tables are little-endian, as is the CPU");

inline constexpr uint64_t kTableMagic = 0x31305453'564b5344;  // "DSKVST01" in the file.
inline constexpr uint32_t kTableVersion = 1;

inline constexpr size_t kBlockHeaderBytes = 17;         // Before each block; see sealed_block.h.
inline constexpr size_t kTableFooterBytes = 40;         // See footer.h.
inline constexpr uint64_t kTableBytesMax = 1ULL << 40;  // An Extent has 40 bits for the offset.
// An Extent has 24 bits for the size of a data block, so the limits of a row's parts add up to
// less.
inline constexpr size_t kDataBlockBytesMax = (1 << 24) - kBlockHeaderBytes - 1;
inline constexpr size_t kRowKeyBytesMax =
    1 << 20;  // Far above base::kKeyBytesMax: hints prefix keys.
inline constexpr size_t kRowMetaBytesMax = 4 << 20;      // Causal state: thousands of actors.
inline constexpr size_t kInlineValueBytesMax = 1 << 20;  // Larger values lie apart in any case.
inline constexpr size_t kBlockRowBytesMax = 1 << 20;  // Upper bound of TableOptions::block_bytes.
// Value, filter and index blocks; memory is made for one as a whole.
inline constexpr size_t kBlockBytesMax = 1 << 30;
// 16 bits of filter for each take half of what one block may.
inline constexpr uint64_t kTableRowsMax = 1 << 28;
inline constexpr size_t kFilterBitsPerKeyMax = 16;  // More buys less than a false read in 2000.

// Where a sealed block lies, header included.
struct Extent {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t end() const { return offset + bytes; }
  friend bool operator==(const Extent&, const Extent&) = default;
};

// A little-endian integer anywhere in memory.
template <typename Integer>
Integer load(const char* from) {
  Integer value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <typename Integer>
void store(char* to, Integer value) {
  std::memcpy(to, &value, sizeof value);
}

// What a block's checksum is seeded with: a block of another store, another file or another place
// never validates.
class BlockSeed {
 public:
  BlockSeed(StoreId store, FileId file);
  uint64_t at(uint64_t offset) const { return of_file_ + offset * kOdd; }

 private:
  static constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;  // Odd: distinct for each offset.
  uint64_t of_file_;
};

}  // namespace distkv::storage::lsm
