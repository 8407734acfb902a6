// Keeps a log readable: each cause is warned of once, then is silent for a while.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/clock.h"

namespace distkv::membership {

inline constexpr base::Duration kWarnInterval = std::chrono::seconds(10);
inline constexpr size_t kWarnedMax = 256;  // Causes remembered; beyond it new ones are silent.

class Warnings {
 public:
  // `clock` must outlive this.
  explicit Warnings(const base::Clock& clock) : clock_(clock) {}

  // True at most once per cause and kWarnInterval.
  bool may_warn(const std::string& cause) {
    const base::MonotonicTime now = clock_.now();
    std::erase_if(warned_, [now](const auto& row) { return now - row.second >= kWarnInterval; });
    if (warned_.size() >= kWarnedMax) return false;
    return warned_.emplace(cause, now).second;
  }

 private:
  const base::Clock& clock_;
  std::map<std::string, base::MonotonicTime> warned_;
};

}  // namespace distkv::membership
