// The one source of chance in core code: xoshiro256** (Blackman and Vigna, 2018), seeded by the
// host, the same sequence on every compiler.
#pragma once

#include <array>
#include <cstdint>

#include "base/types.h"

namespace distkv::base {

class Rng {
 public:
  explicit Rng(uint64_t seed);

  uint64_t next();
  // Uniform in [0, bound); bound > 0.
  uint64_t below(uint64_t bound);
  // Uniform in [low, high], both included.
  uint64_t between(uint64_t low, uint64_t high) { return low + below(high - low + 1); }
  // True with the probability given, 0 to 1.
  bool chance(double probability);
  Id128 next_id() { return {next(), next()}; }
  // An independent stream, so that one consumer's draws do not shift another's.
  Rng fork() { return Rng(next()); }

 private:
  std::array<uint64_t, 4> state_;
};

}  // namespace distkv::base
