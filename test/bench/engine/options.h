// The command line of engine_bench.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/engine/workloads.h"

namespace distkv::bench {

// What a child that runs one workload on one store is told besides.
enum class Role : uint8_t {
  kParent,  // Starts the others and reports.
  kRun,     // Runs a workload, prints its sample.
  kCrash,   // Fills a log, then kills itself.
};

struct Options {
  std::vector<std::string> stores = {"lsm", "leveldb", "rocksdb"};
  std::vector<std::string> workloads = {"all"};
  Parameters parameters;
  uint64_t rounds = 5;
  uint64_t memory_bytes = 320 << 20;  // Write buffer and cache of each store together.
  std::string directory = "engine_bench.tmp";
  std::string commit = "unknown";
  bool is_rocksdb_release = false;  // The RocksDB linked was built without assertions.

  Role role = Role::kParent;
};

inline constexpr uint64_t kWriteBufferBytes = 64 << 20;  // Of every store; the rest is cache.

// Ends the program with a sentence if the command line is wrong, with the usage if it asks for it.
Options parse_options(int count, char** arguments);
// The command line of a child; `store` and `workload` are its only ones.
std::vector<std::string> to_arguments(const Options& options);

}  // namespace distkv::bench
