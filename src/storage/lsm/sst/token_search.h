// Search in an ascending array of 64-bit tokens, as it lies in a block. Tokens are hashes, near
// uniform, so a straight line guesses the place to about the square root of the count; from there
// the search gallops, so that any other distribution still takes logarithmic time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "storage/lsm/sst/format.h"

namespace distkv::storage::lsm {

// A view of the array; its bytes are its giver's.
class TokenArray {
 public:
  TokenArray() = default;
  TokenArray(const char* tokens, size_t count) : tokens_(tokens), count_(count) {}

  size_t size() const { return count_; }
  uint64_t operator[](size_t at) const { return load<uint64_t>(tokens_ + at * sizeof(uint64_t)); }

  // How many tokens are below `token`.
  size_t count_below(uint64_t token) const {
    if (count_ == 0 || token <= (*this)[0]) return 0;
    const uint64_t last = (*this)[count_ - 1];
    if (token > last) return count_;
    return gallop(guess(token, last), token);
  }
  // How many are at most `token`.
  size_t count_to(uint64_t token) const {
    return token == UINT64_MAX ? count_ : count_below(token + 1);
  }

 private:
  static constexpr size_t kStride = 4;  // The first step from the guess; each is twice the last.

  // first < token <= last.
  size_t guess(uint64_t token, uint64_t last) const {
    const uint64_t first = (*this)[0];
    const double part = static_cast<double>(token - first) / static_cast<double>(last - first);
    return std::min(static_cast<size_t>(part * static_cast<double>(count_ - 1)), count_ - 1);
  }
  // Widens around `at` until the answer lies between `low` and `high`, then halves.
  size_t gallop(size_t at, uint64_t token) const {
    size_t low = 0;
    size_t high = count_;
    if ((*this)[at] < token) {
      low = at + 1;
      for (size_t step = kStride; low + step < high; step *= 2) {
        if ((*this)[low + step] >= token)
          high = low + step;
        else
          low += step + 1;
      }
    } else {
      high = at;
      for (size_t step = kStride; low + step < high; step *= 2) {
        if ((*this)[high - step] < token)
          low = high - step + 1;
        else
          high -= step;
      }
    }
    return halve(low, high, token);
  }
  size_t halve(size_t low, size_t high, uint64_t token) const {
    while (low < high) {
      const size_t middle = low + (high - low) / 2;
      if ((*this)[middle] < token)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }

  const char* tokens_ = nullptr;
  size_t count_ = 0;
};

}  // namespace distkv::storage::lsm
