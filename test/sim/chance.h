// Draws the simulator makes. Whole numbers only: no floating point reaches a decision, so that
// every compiler decides alike. A function's arguments never contain two draws: their order would
// be the compiler's choice.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/rng.h"

namespace distkv::sim {

// A probability in millionths.
struct Chance {
  uint32_t per_million = 0;
};

inline constexpr Chance kNever{0};
inline constexpr uint32_t kMillion = 1000000;

inline bool happens(base::Rng& rng, Chance chance) {
  return chance.per_million > 0 && rng.below(kMillion) < chance.per_million;
}

// Durations from `low` to `high`, both included.
struct Spread {
  base::Duration low{};
  base::Duration high{};
};

inline base::Duration draw(base::Rng& rng, Spread spread) {
  const auto low = static_cast<uint64_t>(spread.low.count());
  const auto high = static_cast<uint64_t>(spread.high.count());
  return base::Duration(static_cast<int64_t>(rng.between(low, high)));
}

}  // namespace distkv::sim
