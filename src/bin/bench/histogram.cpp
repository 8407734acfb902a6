#include "bin/bench/histogram.h"

#include <algorithm>
#include <cmath>

namespace distkv::bin::bench {

void Histogram::record(std::chrono::nanoseconds latency) {
  const auto nanos = static_cast<uint64_t>(std::max<int64_t>(latency.count(), 0));
  const uint64_t value = std::min(nanos, kLatencyMax);
  ++buckets_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::add(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::chrono::nanoseconds Histogram::quantile(double share) const {
  if (count_ == 0) return {};
  const auto rank = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
  const uint64_t wanted = std::clamp<uint64_t>(rank, 1, count_);
  uint64_t seen = 0;
  size_t bucket = 0;
  for (; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) break;
  }
  return std::chrono::nanoseconds(std::min(middle_of(bucket), max_));
}

uint64_t Histogram::middle_of(size_t bucket) {
  constexpr size_t kFirstShifted = size_t{2} << kExactBits;
  if (bucket < kFirstShifted) return bucket;
  const auto shift = static_cast<unsigned>(bucket >> kExactBits) - 1;
  const uint64_t low = (bucket - (size_t{shift} << kExactBits)) << shift;
  return low + (uint64_t{1} << shift) / 2;
}

}  // namespace distkv::bin::bench
