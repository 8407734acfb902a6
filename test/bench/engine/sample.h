// What one run of one workload on one store measured, and its one line between two programs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/engine/histogram.h"

namespace distkv::bench {

struct Sample {
  double operations = 0;
  double seconds = 0;  // Of the operations alone.
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
  double cpu_seconds = 0;      // All threads, until background work had come to rest.
  double settle_seconds = 0;   // How long that took after the last operation.
  double written_bytes = 0;    // To files, likewise.
  double peak_bytes = 0;       // Resident, above what the program itself held before.
  double disk_bytes = 0;       // Allocated in the store's directory, at rest.
  double others_cores = 0;     // Processors that other programs kept busy meanwhile.
  double side_per_second = 0;  // What the workload does beside what it measures (SideWork).
  std::vector<double> series;  // Operations in each second.

  double per_second() const { return seconds > 0 ? operations / seconds : 0; }
};

// The part of a sample that a workload itself fills in.
struct Measured {
  Histogram latencies;
  double operations = 0;
  double seconds = 0;
  double side_per_second = 0;
  std::vector<double> series;

  Sample to_sample() const;
};

// "result operations=5000000 seconds=12.5 … series=1,2,3"; nullopt: `line` is not one.
std::string encode(const Sample& sample);
std::optional<Sample> decode(std::string_view line);

// The figures of the middle run, each taken by itself; the series is that of the middle rate.
// `samples` is not empty.
Sample median_of(const std::vector<Sample>& samples);

}  // namespace distkv::bench
