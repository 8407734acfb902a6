// Which data block a place lies in. For each block its first token and its extent; and, where a
// block begins under the very token the block before ends with, a key that divides the two, so that
// keys under one token are found in logarithmic time without reading a block too many.
//
//   blocks u32 | dividers u32 | first token u64 × blocks | extent u64 × blocks
//   | divided block u32 × dividers | key end u32 × dividers | keys …
//   extent: offset (40 bits) above bytes (24 bits)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/lsm/row.h"
#include "storage/lsm/sst/format.h"
#include "storage/lsm/sst/token_search.h"

namespace distkv::storage::lsm {

// Gathers what the index will say. Single owner.
class TableIndexBuilder {
 public:
  // The next block's rows lie from `first` to the last place given to `end_block`.
  void begin_block(const PlaceView& first);
  void end_block(const PlaceView& last, const Extent& extent);
  size_t bytes() const;
  // The index block.
  std::string finish() const;

 private:
  std::vector<uint64_t> tokens_;
  std::vector<uint64_t> extents_;
  std::vector<uint32_t> divided_;
  std::vector<uint32_t> key_ends_;
  std::string keys_;
  base::Token last_token_;  // Of the block before; meaningless for the first.
  std::string last_key_;
};

class TableIndex {
 public:
  TableIndex() = default;
  // Takes the bytes of an index whose data blocks lie below `data_end`. False if they contradict
  // themselves.
  static bool parse(std::string bytes, uint64_t data_end, TableIndex& index);

  size_t size() const { return blocks_; }
  Extent extent(size_t block) const;
  uint64_t first_token(size_t block) const { return tokens()[block]; }
  // The only block that can hold `place`; nothing if it lies before the first.
  std::optional<size_t> block_of(const PlaceView& place) const;
  uint64_t bytes_resident() const { return bytes_.size(); }

 private:
  bool is_sound(uint64_t data_end) const;
  bool are_dividers_sound() const;
  TokenArray tokens() const;
  uint32_t divided_block(size_t divider) const;
  size_t key_end(size_t divider) const;
  std::string_view divider_key(size_t divider) const;
  // How many dividers stand at blocks below `block`.
  size_t dividers_below(size_t block) const;

  std::string bytes_;
  size_t blocks_ = 0;
  size_t dividers_ = 0;
};

}  // namespace distkv::storage::lsm
