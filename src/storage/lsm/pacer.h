// Slows writers down smoothly as pressure grows, by answering later: each written byte is charged a
// time that rises from nothing at pressure 0.5 to its most at 1, and an answer leaves when the
// charges before it have passed. Writers with a bounded number of requests outstanding thus come
// down to what the disk keeps up with; nobody sleeps, and there is no cliff.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace distkv::storage::lsm {

class Pacer {
 public:
  // At full pressure 1 MB/s is let through: slower than any disk that is alive.
  static constexpr double kNanosecondsPerByteMax = 1000;
  // Charges below this are not worth a timer; they add up until they are.
  static constexpr base::Duration kHeldMin = std::chrono::microseconds(500);
  // No answer is held longer for its pace's sake; kOverloaded takes over.
  static constexpr base::Duration kHeldMax = std::chrono::milliseconds(20);

  // Charges `bytes` written now; the moment until which the answer is to be held, which never goes
  // back, or `now` if it need not be.
  base::MonotonicTime charge(base::MonotonicTime now, uint64_t bytes, double pressure) {
    paid_until_ = std::clamp(paid_until_, now, now + kHeldMax);
    if (pressure > 0.5) {
      // Squared: gentle where a little is enough, firm near the end.
      const double share = std::min(1.0, (pressure - 0.5) * 2);
      const double cost = kNanosecondsPerByteMax * share * share * static_cast<double>(bytes);
      paid_until_ += base::Duration(static_cast<int64_t>(cost));
    }
    return paid_until_ - now >= kHeldMin ? paid_until_ : now;
  }

 private:
  base::MonotonicTime paid_until_{};
};

}  // namespace distkv::storage::lsm
