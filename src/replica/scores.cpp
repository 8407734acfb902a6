#include "replica/scores.h"

#include <algorithm>

namespace distkv::replica {

using base::Duration;
using base::MonotonicTime;

namespace {
constexpr int kAverageOver = 8;
// A step of the percentile, as a share of itself: a sixteenth up for one sample above it, and a
// hundredth of that down for one below, so that it rests where one in a hundred lies above.
constexpr int kSlowStep = 16;
constexpr int kSlowShare = 100;
constexpr Duration kSlowMin = std::chrono::microseconds(100);
constexpr Duration kSlowMax = std::chrono::seconds(1);
constexpr Duration kBlameHalvedEvery = std::chrono::seconds(1);
constexpr Duration kUsualHalvedEvery = std::chrono::seconds(10);

// What is left of a figure of this age.
Duration faded(Duration what, Duration age, Duration halved_every) {
  constexpr int64_t kHalvingsMax = 62;
  return what / (int64_t{1} << std::min(age / halved_every, kHalvingsMax));
}
}  // namespace

void Score::answered(MonotonicTime now, Duration took, bool is_ok) {
  if (!is_ok) return is_late(now, kFailureCounts);
  const bool is_slow = took > slow_;
  slow_ += is_slow ? slow_ / kSlowStep : -slow_ / (kSlowStep * kSlowShare);
  slow_ = std::clamp(slow_, kSlowMin, kSlowMax);
  answered_at_ = now;
  // What is far out is a matter of blame, which is soon forgotten; the average would remember it.
  if (!is_slow) usual_ += (took - usual_) / kAverageOver;
}

void Score::is_late(MonotonicTime now, Duration so_far) {
  blame_ = std::max(faded(blame_, now - blamed_at_, kBlameHalvedEvery), so_far);
  blamed_at_ = now;
}

Duration Score::expected(MonotonicTime now) const {
  return faded(usual_, now - answered_at_, kUsualHalvedEvery) +
         faded(blame_, now - blamed_at_, kBlameHalvedEvery);
}

}  // namespace distkv::replica
