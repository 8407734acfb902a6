#include "bench/engine/keys.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace distkv::bench {
namespace {

// The finaliser of MurmurHash3: every input bit reaches every output bit.
uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdULL;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return value ^ (value >> 33);
}

}  // namespace

std::string_view KeyText::set(uint64_t index) {
  for (size_t i = kKeyBytes; i > 0; --i, index /= 10) {
    text_[i - 1] = static_cast<char>('0' + index % 10);
  }
  return {text_.data(), kKeyBytes};
}

std::string_view KeyText::set_missing(uint64_t index) {
  set(index);
  text_[kKeyBytes] = '.';
  return {text_.data(), kKeyBytes + 1};
}

uint64_t index_of(std::string_view key) {
  uint64_t index = 0;
  for (const char digit : key) index = index * 10 + static_cast<uint64_t>(digit - '0');
  return index;
}

Permutation::Permutation(uint64_t size, uint64_t seed)
    : size_(size),
      seed_(mixed(seed + 1)),
      half_bits_((static_cast<unsigned>(std::bit_width(std::max<uint64_t>(size, 2) - 1)) + 1) / 2) {
  DISTKV_CHECK(size > 0);
}

uint64_t Permutation::shuffle(uint64_t value) const {
  constexpr uint64_t kRounds = 4;  // Fewer leave patterns that a sorted structure would notice.
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t left = value >> half_bits_;
  uint64_t right = value & mask;
  for (uint64_t round = 0; round < kRounds; ++round) {
    const uint64_t next = left ^ (mixed(right + seed_ + (round << 56)) & mask);
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

uint64_t Permutation::at(uint64_t place) const {
  DISTKV_DCHECK(place < size_);
  uint64_t value = shuffle(place);
  while (value >= size_) value = shuffle(value);
  return value;
}

Zipfian::Zipfian(uint64_t size, double skew) : size_(size), skew_(skew), alpha_(1 / (1 - skew)) {
  DISTKV_CHECK(size >= 2 && skew > 0 && skew < 1);
  for (uint64_t rank = 1; rank <= size; ++rank) {
    zeta_ += 1 / std::pow(static_cast<double>(rank), skew);
  }
  const double zeta_of_two = 1 + std::pow(0.5, skew);
  const double share = std::pow(2 / static_cast<double>(size), 1 - skew);
  eta_ = (1 - share) / (1 - zeta_of_two / zeta_);
}

uint64_t Zipfian::draw(base::Rng& rng) const {
  // 53 bits: what a double holds exactly.
  const double uniform = static_cast<double>(rng.next() >> 11) * 0x1p-53;
  const double scaled = uniform * zeta_;
  if (scaled < 1) return 0;
  if (scaled < 1 + std::pow(0.5, skew_)) return 1;
  const double rank = static_cast<double>(size_) * std::pow(eta_ * uniform - eta_ + 1, alpha_);
  return std::min(static_cast<uint64_t>(rank), size_ - 1);
}

}  // namespace distkv::bench
