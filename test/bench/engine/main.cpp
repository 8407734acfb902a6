// engine_bench: distkv's engines, LevelDB and RocksDB doing the same work. See README.md.
#include <cstdio>
#include <filesystem>

#include "bench/engine/child.h"
#include "bench/engine/machine.h"
#include "bench/engine/options.h"
#include "bench/engine/report.h"
#include "bench/engine/rounds.h"

namespace distkv::bench {
namespace {

void print_header(const Options& options, const std::vector<StoreKind>& stores) {
  const Parameters& parameters = options.parameters;
  std::printf("%s", describe_machine(options.directory).c_str());
  std::printf("commit   %s\nstores  ", options.commit.c_str());
  for (const StoreKind& kind : stores) {
    std::printf(" %s %s", kind.name.c_str(), kind.version.c_str());
  }
  std::printf(
      "\nwork     %llu keys of %zu bytes, values of %llu bytes that compress to half, "
      "%llu rounds, %llu MiB of memory each, seed %llu\n",
      static_cast<unsigned long long>(parameters.keys), kKeyBytes,
      static_cast<unsigned long long>(parameters.value_bytes),
      static_cast<unsigned long long>(options.rounds),
      static_cast<unsigned long long>(options.memory_bytes >> 20),
      static_cast<unsigned long long>(parameters.seed));
  std::fflush(stdout);
}

int run_parent(const Options& options) {
  const auto stores = chosen_stores(options.stores);
  const auto workloads = chosen_workloads(options.workloads);
  std::filesystem::create_directories(options.directory);
  print_header(options, stores);
  const Samples samples = run_rounds(options, stores, workloads);
  std::printf("%s", report_of(options, stores, workloads, samples).c_str());
  return 0;
}

}  // namespace
}  // namespace distkv::bench

int main(int count, char** arguments) {
  const auto options = distkv::bench::parse_options(count, arguments);
  if (options.role != distkv::bench::Role::kParent) return distkv::bench::run_child(options);
  return distkv::bench::run_parent(options);
}
