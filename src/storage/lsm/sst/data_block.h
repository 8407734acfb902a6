// Rows of ascending places, laid out so that a lookup touches the tokens, two row ends and one row.
//
//   count and width u32 | token u64 × count | row end × count (u16, or u32 if wide) | rows …
//   row: flags u8 | key bytes varint | [meta bytes varint] | key | [meta] | value, or
//        offset varint and bytes varint of the value's own block
//
// Every row of a block has one encoding, so decoding and encoding again gives the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/lsm/row.h"
#include "storage/lsm/sst/format.h"
#include "storage/lsm/sst/token_search.h"

namespace distkv::storage::lsm {

// A row as a block holds it.
struct StoredRow {
  Row row;                // The value is empty if it lies apart.
  bool is_apart = false;  // Its value has a block of its own,
  Extent value;           // which lies here.
};

// Gathers rows and lays them out. Single owner.
class DataBlockBuilder {
 public:
  // `stored` comes after all rows added so far. Its views are copied.
  void add(const StoredRow& stored);
  bool is_empty() const { return tokens_.empty(); }
  size_t rows() const { return tokens_.size(); }
  // Of the block so far.
  size_t bytes() const;
  // The block; valid until the next call. Starts a new one.
  std::string_view finish();

 private:
  bool is_wide() const { return rows_.size() > UINT16_MAX; }

  std::vector<uint64_t> tokens_;
  std::vector<uint32_t> ends_;
  std::string rows_;
  std::string block_;
};

// A view of a block; its bytes are its giver's. Any bytes may be given: what makes no sense is
// false, never a read beyond them.
class DataBlock {
 public:
  // Checks all but the rows themselves.
  static bool parse(std::string_view bytes, DataBlock& block);

  size_t size() const { return tokens_.size(); }
  uint64_t first_token() const { return tokens_[0]; }
  // The row `at`, which is below size(). Views point into the block.
  bool row(size_t at, StoredRow& stored) const;
  // The number of rows before `place`, which is where it stands if it is here.
  bool count_below(const PlaceView& place, size_t& count) const;

 private:
  size_t end_of(size_t at) const;

  TokenArray tokens_;
  const char* ends_ = nullptr;
  bool is_wide_ = false;
  std::string_view rows_;
};

}  // namespace distkv::storage::lsm
