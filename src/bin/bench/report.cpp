#include "bin/bench/report.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace distkv::bin::bench {

namespace {

struct Quantile {
  const char* name;       // In text.
  const char* json_name;  // Microseconds.
  double share;
};
constexpr std::array<Quantile, 3> kQuantiles = {
    {{"p50", "p50_us", 0.5}, {"p99", "p99_us", 0.99}, {"p99.9", "p999_us", 0.999}}};

constexpr size_t kLineBytesMax = 256;  // Of one formatted piece: numbers and fixed words only.

// A C function, so that the compiler checks the arguments against the pattern.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  std::array<char, kLineBytesMax> line;
  va_list arguments;
  va_start(arguments, pattern);
  const int size = std::vsnprintf(line.data(), line.size(), pattern, arguments);
  va_end(arguments);
  return {line.data(), std::min(static_cast<size_t>(std::max(size, 0)), line.size() - 1)};
}

double microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

double rate(uint64_t count, const Findings& findings) {
  const double seconds = std::chrono::duration<double>(findings.measured).count();
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

const char* name_of(wire::Consistency consistency) {
  if (consistency == wire::Consistency::kOne) return "one";
  return consistency == wire::Consistency::kAll ? "all" : "quorum";
}

std::string row(const char* name, const Tally& tally, const Findings& findings) {
  std::string text = format("%-7s %12.0f", name, rate(tally.served(), findings));
  for (const Quantile& quantile : kQuantiles) {
    text += format(" %10.1f", microseconds(tally.latency.quantile(quantile.share)));
  }
  return text + format(" %10.1f\n", microseconds(tally.latency.max()));
}

std::string counts_header() {
  std::string text = format("%-7s", "");
  for (size_t i = 0; i < kOutcomes; ++i) {
    text += format(" %11s", std::string(name_of(static_cast<Outcome>(i))).c_str());
  }
  return text + "\n";
}

std::string counts(const char* name, const Tally& tally) {
  std::string text = format("%-7s", name);
  for (const uint64_t count : tally.counts) text += format(" %11" PRIu64, count);
  return text + "\n";
}

std::string object_of(const Tally& tally, const Findings& findings) {
  std::string text = format("{\"per_second\":%.1f", rate(tally.served(), findings));
  for (const Quantile& quantile : kQuantiles) {
    text += format(",\"%s\":%.2f", quantile.json_name,
                   microseconds(tally.latency.quantile(quantile.share)));
  }
  text += format(",\"max_us\":%.2f", microseconds(tally.latency.max()));
  for (size_t i = 0; i < kOutcomes; ++i) {
    const std::string outcome(name_of(static_cast<Outcome>(i)));
    text += format(",\"%s\":%" PRIu64, outcome.c_str(), tally.counts[i]);
  }
  return text + "}";
}

}  // namespace

std::string as_text(const Options& options, const Findings& findings) {
  const uint64_t served = findings.reads.served() + findings.writes.served();
  std::string text =
      format("%.0f ops/s over %.1f s: %zu clients, depth %zu, %zu server%s, %s\n\n",
             rate(served, findings), std::chrono::duration<double>(findings.measured).count(),
             options.clients, options.depth, options.servers.size(),
             options.servers.size() == 1 ? "" : "s", name_of(options.consistency));
  text +=
      format("%-7s %12s %10s %10s %10s %10s   (us)\n", "", "ops/s", "p50", "p99", "p99.9", "max");
  text += row("reads", findings.reads, findings) + row("writes", findings.writes, findings) + "\n";
  text += counts_header() + counts("reads", findings.reads) + counts("writes", findings.writes);
  if (findings.connections_lost + findings.connections_refused > 0) {
    text += format("\nconnections: %" PRIu64 " lost, %" PRIu64 " attempts refused\n",
                   findings.connections_lost, findings.connections_refused);
  }
  return text;
}

std::string as_json(const Options& options, const Findings& findings) {
  const uint64_t served = findings.reads.served() + findings.writes.served();
  std::string text = format("{\"servers\":%zu,\"clients\":%zu,\"depth\":%zu,\"keys\":%" PRIu64
                            ",\"value_size\":%zu,\"read_share\":%g",
                            options.servers.size(), options.clients, options.depth, options.keys,
                            options.value_size, options.read_share);
  text += format(",\"consistency\":\"%s\",\"seed\":%" PRIu64 ",\"seconds\":%.3f",
                 name_of(options.consistency), options.seed,
                 std::chrono::duration<double>(findings.measured).count());
  text += format(",\"per_second\":%.1f", rate(served, findings));
  text += ",\"reads\":" + object_of(findings.reads, findings);
  text += ",\"writes\":" + object_of(findings.writes, findings);
  text += format(",\"connections_lost\":%" PRIu64 ",\"connections_refused\":%" PRIu64,
                 findings.connections_lost, findings.connections_refused);
  return text + format(",\"keys_not_loaded\":%" PRIu64 "}\n", findings.keys_not_loaded);
}

}  // namespace distkv::bin::bench
