#include "bench/engine/sample.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "base/check.h"

namespace distkv::bench {
namespace {

struct Field {
  const char* name;
  double Sample::*member;
};

constexpr std::array kFields = {
    Field{"operations", &Sample::operations},
    Field{"seconds", &Sample::seconds},
    Field{"p50_us", &Sample::p50_us},
    Field{"p99_us", &Sample::p99_us},
    Field{"p999_us", &Sample::p999_us},
    Field{"max_us", &Sample::max_us},
    Field{"cpu_seconds", &Sample::cpu_seconds},
    Field{"settle_seconds", &Sample::settle_seconds},
    Field{"written_bytes", &Sample::written_bytes},
    Field{"peak_bytes", &Sample::peak_bytes},
    Field{"disk_bytes", &Sample::disk_bytes},
    Field{"others_cores", &Sample::others_cores},
    Field{"side_per_second", &Sample::side_per_second},
};

constexpr std::string_view kStart = "result";
constexpr std::string_view kSeries = "series";
constexpr int kDigits = 15;  // Whole bytes of any file stay whole.

std::vector<double> numbers_in(const std::string& text) {
  std::vector<double> numbers;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) numbers.push_back(std::stod(part));
  return numbers;
}

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e3;
}

}  // namespace

Sample Measured::to_sample() const {
  return {.operations = operations,
          .seconds = seconds,
          .p50_us = microseconds(latencies.quantile(0.5)),
          .p99_us = microseconds(latencies.quantile(0.99)),
          .p999_us = microseconds(latencies.quantile(0.999)),
          .max_us = microseconds(latencies.max()),
          .side_per_second = side_per_second,
          .series = series};
}

std::string encode(const Sample& sample) {
  std::ostringstream out;
  out.precision(kDigits);
  out << kStart;
  for (const Field& field : kFields) out << ' ' << field.name << '=' << sample.*field.member;
  out << ' ' << kSeries << '=';
  for (size_t i = 0; i < sample.series.size(); ++i) out << (i > 0 ? "," : "") << sample.series[i];
  return out.str();
}

std::optional<Sample> decode(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::string word;
  if (!(in >> word) || word != kStart) return std::nullopt;
  Sample sample;
  while (in >> word) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return std::nullopt;
    const std::string name = word.substr(0, equals);
    if (name == kSeries) sample.series = numbers_in(word.substr(equals + 1));
    for (const Field& field : kFields) {
      if (name == field.name) sample.*field.member = std::stod(word.substr(equals + 1));
    }
  }
  return sample;
}

Sample median_of(const std::vector<Sample>& samples) {
  DISTKV_CHECK(!samples.empty());
  const size_t middle = samples.size() / 2;
  std::vector<Sample> sorted = samples;
  std::sort(sorted.begin(), sorted.end(),
            [](const Sample& a, const Sample& b) { return a.per_second() < b.per_second(); });
  Sample median = sorted[middle];
  const double rate = median.per_second();
  for (const Field& field : kFields) {
    std::vector<double> values;
    for (const Sample& sample : samples) values.push_back(sample.*field.member);
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle),
                     values.end());
    median.*field.member = values[middle];
  }
  if (rate > 0) median.seconds = median.operations / rate;
  return median;
}

}  // namespace distkv::bench
