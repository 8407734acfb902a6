#include "bench/engine/report.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

#include "bench/engine/judged_peer.h"

namespace distkv::bench {
namespace {

constexpr double kMb = 1e6;

[[gnu::format(printf, 2, 3)]] void print(std::string& out, const char* format, ...) {
  std::array<char, 512> line{};
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line.data(), line.size(), format, arguments);
  va_end(arguments);
  out += line.data();
}

// A rate with the digits that mean something, whether 0.9 or 4,000,000.
std::string rate_text(double rate) {
  std::string text;
  print(text, rate < 100 ? "%.2f" : "%.0f", rate);
  return text;
}

// Half the distance of the slowest and the fastest round, in percent of the median.
double spread_percent(const std::vector<Sample>& samples, double median) {
  const auto [low, high] = std::minmax_element(
      samples.begin(), samples.end(),
      [](const Sample& a, const Sample& b) { return a.per_second() < b.per_second(); });
  return median > 0 ? (high->per_second() - low->per_second()) / 2 / median * 100 : 0;
}

struct Table {
  const Options& options;
  const std::vector<StoreKind>& stores;
  const Workload& workload;
  const std::map<std::string, std::vector<Sample>>& samples;
  std::map<std::string, double> rates;
  std::optional<JudgedPeer> peer;
};

Table make_table(const Options& options, const std::vector<StoreKind>& stores,
                 const Workload& workload,
                 const std::map<std::string, std::vector<Sample>>& samples) {
  Table table{options, stores, workload, samples, {}, {}};
  for (const auto& [store, runs] : samples) table.rates[store] = median_of(runs).per_second();
  const auto factor = options.is_rocksdb_release
                          ? std::nullopt
                          : release_factor(workload.name, options.parameters.value_bytes);
  table.peer = judged_peer(table.rates, factor);
  return table;
}

void print_row(std::string& out, const Table& table, const StoreKind& kind) {
  const auto runs = table.samples.find(kind.name);
  if (runs == table.samples.end()) return;
  const Sample median = median_of(runs->second);
  const double rate = median.per_second();
  print(
      out, "  %-8s %11s %4.0f%% %9.1f %9.1f %9.1f %10.0f %8.2f %8.2f %9.0f %7.1f %8.0f %8.0f %6.1f",
      kind.name.c_str(), rate_text(rate).c_str(), spread_percent(runs->second, rate), median.p50_us,
      median.p99_us, median.p999_us, median.max_us, median.cpu_seconds,
      median.cpu_seconds / std::max(median.operations, 1.0) * 1e6, median.written_bytes / kMb,
      median.settle_seconds, median.peak_bytes / kMb, median.disk_bytes / kMb, median.others_cores);
  if (table.peer) print(out, " %8.2f", rate / table.peer->rate);
  if (!table.workload.side.empty()) print(out, "   %.0f", median.side_per_second);
  out += '\n';
}

void print_series(std::string& out, const Table& table) {
  for (const StoreKind& kind : table.stores) {
    const auto runs = table.samples.find(kind.name);
    if (runs == table.samples.end() || runs->second.front().series.empty()) continue;
    print(out, "  %s, thousands in each second:", kind.name.c_str());
    for (const double count : median_of(runs->second).series) print(out, " %.0f", count / 1e3);
    out += '\n';
  }
}

void print_table(std::string& out, const Table& table) {
  print(out, "\n%s: %s\n", table.workload.name.c_str(), table.workload.meaning.c_str());
  print(out, "  %-8s %11s %5s %9s %9s %9s %10s %8s %8s %9s %7s %8s %8s %6s", "store", "ops/s", "+-",
        "p50 us", "p99 us", "p99.9 us", "max us", "cpu s", "cpu us/op", "MB writ.", "rest s",
        "MB peak", "MB disk", "others");
  if (table.peer) print(out, " %8s", "x judged");
  if (!table.workload.side.empty()) print(out, "   %s", table.workload.side.c_str());
  out += '\n';
  for (const StoreKind& kind : table.stores) print_row(out, table, kind);
  if (table.peer) {
    print(out, "  judged peer: %s ops/s, %s\n", rate_text(table.peer->rate).c_str(),
          table.peer->origin.c_str());
  }
  print_series(out, table);
}

void print_summary(std::string& out, const std::vector<Table>& tables) {
  out += "\nratios to the judged peer\n";
  for (const Table& table : tables) {
    print(out, "  %-17s", table.workload.name.c_str());
    for (const auto& [store, rate] : table.rates) {
      print(out, "  %s %.2f", store.c_str(), table.peer ? rate / table.peer->rate : 0.0);
    }
    out += '\n';
  }
}

}  // namespace

std::string report_of(const Options& options, const std::vector<StoreKind>& stores,
                      const std::vector<Workload>& workloads, const Samples& samples) {
  std::string out;
  std::vector<Table> tables;
  for (const Workload& workload : workloads) {
    const auto found = samples.find(workload.name);
    if (found == samples.end()) continue;
    tables.push_back(make_table(options, stores, workload, found->second));
    print_table(out, tables.back());
  }
  print_summary(out, tables);
  return out;
}

}  // namespace distkv::bench
