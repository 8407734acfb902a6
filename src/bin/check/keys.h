// The keys of a run: `count` of them in use at once, each replaced by a fresh one when enough was
// done to it. Old ones then rest until the end, when all are read.
//
// All are new, below a prefix no other run has, so a run disturbs nobody. Safe for any number of
// threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"

namespace distkv::bin::check {

class Keys {
 public:
  Keys(std::string prefix, uint64_t count) : prefix_(std::move(prefix)), uses_(count) {}

  // One to work on next. Half the work meets on one key for a moment, then on the next: reads then
  // fall between the steps of writes, where broken promises show.
  std::string draw(base::Rng& rng) {
    uint64_t place = rng.below(uses_.size());
    // Only counts: no other memory depends on their order.
    if (rng.chance(0.5)) {
      place = crowd_.fetch_add(1, std::memory_order_relaxed) / kCrowdUses % uses_.size();
    }
    const uint64_t use = uses_[place].fetch_add(1, std::memory_order_relaxed);
    return name(place, use / kUsesMax);
  }

  // A write of this key may be half done: it is worth reading, from all sides, for a while.
  void doubt(const std::string& key) {
    const std::lock_guard lock(doubts_mutex_);
    doubts_.push_back({key, kDoubtReads});
    if (doubts_.size() > kDoubtsMax) doubts_.pop_front();
  }

  // One of those; nullopt if there is none.
  std::optional<std::string> draw_doubtful(base::Rng& rng) {
    const std::lock_guard lock(doubts_mutex_);
    if (doubts_.empty()) return std::nullopt;
    const auto doubt = doubts_.begin() + static_cast<std::ptrdiff_t>(rng.below(doubts_.size()));
    std::string key = doubt->key;
    if (--doubt->reads_left == 0) doubts_.erase(doubt);
    return key;
  }

  // All that were ever drawn.
  std::vector<std::string> used() const {
    std::vector<std::string> names;
    for (uint64_t place = 0; place < uses_.size(); ++place) {
      const uint64_t uses = uses_[place].load(std::memory_order_relaxed);
      for (uint64_t life = 0; life * kUsesMax < uses; ++life) names.push_back(name(place, life));
    }
    return names;
  }

 private:
  // Long enough for every kind of conflict, and short enough that a write of unknown outcome, which
  // excuses much on its key, does not excuse it for long.
  static constexpr uint64_t kUsesMax = 400;
  static constexpr uint64_t kCrowdUses = 50;
  static constexpr size_t kDoubtsMax = 32;       // The newest; older ones are given up.
  static constexpr uint64_t kDoubtReads = 1000;  // Some ten seconds, with as many others.

  struct Doubt {
    std::string key;
    uint64_t reads_left = 0;
  };

  std::string name(uint64_t place, uint64_t life) const {
    return prefix_ + std::to_string(place) + "." + std::to_string(life);
  }

  std::string prefix_;
  std::vector<std::atomic<uint64_t>> uses_;
  std::atomic<uint64_t> crowd_{0};
  std::mutex doubts_mutex_;
  std::deque<Doubt> doubts_;
};

}  // namespace distkv::bin::check
