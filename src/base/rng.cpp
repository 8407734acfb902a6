#include "base/rng.h"

#include <bit>

#include "base/check.h"

namespace distkv::base {

namespace {
// SplitMix64 spreads a small seed over the whole state, as xoshiro's authors advise.
uint64_t split_mix(uint64_t& state) {
  uint64_t mixed = (state += 0x9e3779b97f4a7c15);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}
}  // namespace

Rng::Rng(uint64_t seed) {
  for (uint64_t& word : state_) word = split_mix(seed);
}

uint64_t Rng::next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

uint64_t Rng::below(uint64_t bound) {
  DISTKV_CHECK(bound > 0);
  // Multiply-shift on the high half where that is exact enough (bias below 2^-24), else modulo.
  constexpr uint64_t kSmallBoundMax = 256;
  if (bound <= kSmallBoundMax) return ((next() >> 32) * bound) >> 32;
  return next() % bound;
}

bool Rng::chance(double probability) {
  constexpr double kTwoTo53 = 9007199254740992.0;
  return static_cast<double>(next() >> 11) < probability * kTwoTo53;
}

}  // namespace distkv::base
