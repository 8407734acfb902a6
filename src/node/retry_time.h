// How long those that are refused for overload should stay away: 50 ms at first, twice as long each
// time it turns out to be too short, up to 2 s, and 50 ms again after a while without refusals.
// Each is told up to a half more, by chance, so that they do not all come back at once.
#pragma once

#include <algorithm>

#include "base/clock.h"
#include "base/rng.h"

namespace distkv::node {

class RetryTime {
 public:
  static constexpr std::chrono::milliseconds kMin{50};
  static constexpr std::chrono::milliseconds kMax{2000};

  explicit RetryTime(uint64_t seed) : rng_(seed) {}

  // For one that is refused now.
  std::chrono::milliseconds next(base::MonotonicTime now) {
    if (now >= until_ + pause_) {
      pause_ = kMin;
      until_ = now + pause_;
    } else if (now >= until_) {
      pause_ = std::min(2 * pause_, kMax);
      until_ = now + pause_;
    }
    const auto spread = static_cast<uint64_t>(pause_.count()) / 2;
    return pause_ + std::chrono::milliseconds(rng_.between(0, spread));
  }

 private:
  base::Rng rng_;
  std::chrono::milliseconds pause_ = kMin;
  base::MonotonicTime until_{};  // Who was told `pause_` first is back.
};

}  // namespace distkv::node
