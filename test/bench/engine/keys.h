// Keys and the orders they are drawn in. A key is its index in 16 decimal digits; the same seed
// draws the same indices, whatever the store.
// Sources: LevelDB's db_bench (the keys); Gray et al., "Quickly Generating Billion-Record Synthetic
// Databases" (1994), and YCSB for the Zipfian draw.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/rng.h"

namespace distkv::bench {

inline constexpr size_t kKeyBytes = 16;

// Room for one key.
class KeyText {
 public:
  // Views live until the next call.
  std::string_view set(uint64_t index);
  // A key that was never put, between two that were.
  std::string_view set_missing(uint64_t index);

 private:
  std::array<char, kKeyBytes + 1> text_{};
};

// The index a key was made of.
uint64_t index_of(std::string_view key);

// A fixed pseudo-random order of [0, size): each number once, and no table (a Feistel network that
// walks until it is within the range).
class Permutation {
 public:
  Permutation(uint64_t size, uint64_t seed);
  uint64_t size() const { return size_; }
  // place < size().
  uint64_t at(uint64_t place) const;

 private:
  uint64_t shuffle(uint64_t value) const;

  uint64_t size_;
  uint64_t seed_;
  unsigned half_bits_;
};

// Ranks from 0 (the most frequent) to size - 1, rank r with probability proportional to
// 1 / (r + 1)^skew. Making it costs a power for each of `size`.
class Zipfian {
 public:
  // size >= 2, 0 < skew < 1.
  Zipfian(uint64_t size, double skew);
  uint64_t draw(base::Rng& rng) const;

 private:
  uint64_t size_;
  double skew_;
  double zeta_ = 0;
  double alpha_;
  double eta_ = 0;
};

}  // namespace distkv::bench
