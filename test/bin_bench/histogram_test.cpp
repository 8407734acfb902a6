#include "bin/bench/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace distkv::bin::bench {
namespace {

using std::chrono::nanoseconds;

double error_of(nanoseconds measured, int64_t exact) {
  return static_cast<double>(measured.count() - exact) / static_cast<double>(exact);
}

TEST_SUITE_BEGIN("bench histogram");

TEST_CASE("an empty one answers zero") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.quantile(0.99) == nanoseconds(0));
  CHECK(histogram.max() == nanoseconds(0));
}

TEST_CASE("small latencies are exact") {
  Histogram histogram;
  for (int64_t i = 1; i <= 100; ++i) histogram.record(nanoseconds(i));

  CHECK(histogram.quantile(0.5) == nanoseconds(50));
  CHECK(histogram.quantile(0.99) == nanoseconds(99));
  CHECK(histogram.quantile(1) == nanoseconds(100));
}

TEST_CASE("a quantile is at most one per cent off at any size") {
  constexpr int64_t kLatencyMax = int64_t{1} << 39;
  for (int64_t latency = 1; latency < kLatencyMax; latency = latency * 9 / 8 + 1) {
    Histogram histogram;
    histogram.record(nanoseconds(latency));
    histogram.record(nanoseconds(kLatencyMax));

    CAPTURE(latency);
    CHECK(std::abs(error_of(histogram.quantile(0.5), latency)) < 0.01);
  }
}

TEST_CASE("quantiles agree with those of the sorted latencies") {
  constexpr uint64_t kSeed = 7;
  base::Rng rng(kSeed);
  Histogram histogram;
  std::vector<int64_t> sorted;
  for (int i = 0; i < 10'000; ++i) {
    sorted.push_back(static_cast<int64_t>(rng.below(uint64_t{1} << (10 + rng.below(20))) + 1));
    histogram.record(nanoseconds(sorted.back()));
  }
  std::sort(sorted.begin(), sorted.end());

  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto rank = static_cast<size_t>(share * static_cast<double>(sorted.size()));
    CAPTURE(share);
    CHECK(std::abs(error_of(histogram.quantile(share), sorted[rank - 1])) < 0.01);
  }
  CHECK(histogram.max() == nanoseconds(sorted.back()));
}

TEST_CASE("no quantile is above the greatest latency") {
  Histogram histogram;
  histogram.record(nanoseconds(1'000'001));
  CHECK(histogram.quantile(1) <= histogram.max());
}

TEST_CASE("latencies out of range count at its ends") {
  Histogram histogram;
  histogram.record(nanoseconds(-5));
  histogram.record(std::chrono::hours(1000));

  CHECK(histogram.count() == 2);
  CHECK(histogram.quantile(0.5) == nanoseconds(0));
  CHECK(histogram.max() < std::chrono::minutes(20));
}

TEST_CASE("adding one to another is recording both") {
  Histogram all, first, second;
  for (int64_t i = 0; i < 1000; ++i) {
    (i % 3 == 0 ? first : second).record(nanoseconds(i * i));
    all.record(nanoseconds(i * i));
  }
  first.add(second);

  CHECK(first.count() == all.count());
  CHECK(first.max() == all.max());
  for (const double share : {0.1, 0.5, 0.99}) CHECK(first.quantile(share) == all.quantile(share));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::bin::bench
