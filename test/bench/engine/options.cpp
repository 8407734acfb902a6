#include "bench/engine/options.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "base/types.h"

namespace distkv::bench {
namespace {

constexpr std::string_view kUsage = R"(engine_bench: distkv's engines beside LevelDB and RocksDB

  --stores A,B       lsm, leveldb, rocksdb, map, as far as built in (lsm,leveldb,rocksdb)
  --workloads A,B    names, beginnings of names ("fillsync-"), or all (all)
  --keys N           records of a filled store (5000000)
  --value-bytes N    bytes of a value, at least 16 (100)
  --rounds N         every store runs once in each (5)
  --reads N          operations of a workload at most; fills and overwrite make --keys (1000000)
  --seconds S        time of a workload at most, likewise (10)
  --memory MIB       write buffer (64) and cache of each store together (320)
  --log MIB          log that a reopening replays (64)
  --directory DIR    where the stores lie; made, and its contents removed (engine_bench.tmp)
  --seed N           of keys, orders and values (1)
  --rocksdb-release  the RocksDB linked has no assertions: judge it by its own figures
  --commit NAME      printed with the results
)";

constexpr uint64_t kMib = 1 << 20;

template <typename Number>
Number number_in(std::string_view flag, std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) {
    stop(std::string(flag) + " needs a number, not '" + std::string(text) + "'");
  }
  return number;
}

std::vector<std::string> list_in(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

Role role_in(std::string_view text) {
  if (text == "run") return Role::kRun;
  if (text == "crash") return Role::kCrash;
  stop("--role is for the program's own use");
}

void take(Options& options, std::string_view flag, const std::string& text) {
  Parameters& parameters = options.parameters;
  const auto whole = [&] { return number_in<uint64_t>(flag, text); };
  const auto real = [&] { return number_in<double>(flag, text); };
  if (flag == "--stores") return void(options.stores = list_in(text));
  if (flag == "--workloads") return void(options.workloads = list_in(text));
  if (flag == "--keys") return void(parameters.keys = whole());
  if (flag == "--value-bytes") return void(parameters.value_bytes = whole());
  if (flag == "--rounds") return void(options.rounds = whole());
  if (flag == "--reads") return void(parameters.operations_max = whole());
  if (flag == "--seconds") return void(parameters.seconds_max = real());
  if (flag == "--memory") return void(options.memory_bytes = whole() * kMib);
  if (flag == "--log") return void(parameters.log_bytes = whole() * kMib);
  if (flag == "--directory") return void(options.directory = text);
  if (flag == "--seed") return void(parameters.seed = whole());
  if (flag == "--writer-rate") return void(parameters.writer_rate = real());
  if (flag == "--commit") return void(options.commit = text);
  if (flag == "--role") return void(options.role = role_in(text));
  stop("there is no option " + std::string(flag) + "; see --help");
}

void check(const Options& options) {
  constexpr uint64_t kKeysMin = 1000;  // Fewer leave no hole to scan across.
  const Parameters& parameters = options.parameters;
  if (parameters.keys < kKeysMin) stop("--keys must be at least 1000");
  if (parameters.value_bytes < kValueBytesMin) stop("--value-bytes must be at least 16");
  if (options.rounds == 0) stop("--rounds must be at least 1");
  if (parameters.value_bytes > base::kValueBytesMax)
    stop("--value-bytes is over the store's limit");
  if (options.memory_bytes <= kWriteBufferBytes) stop("--memory must be more than 64");
  if (options.stores.empty() || options.workloads.empty()) stop("nothing to measure");
}

}  // namespace

Options parse_options(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string flag = arguments[i];
    if (flag == "--help") {
      std::fputs(kUsage.data(), stdout);
      std::exit(0);
    }
    if (flag == "--rocksdb-release") {
      options.is_rocksdb_release = true;
      continue;
    }
    if (i + 1 == count) stop(flag + " needs a value, or is no option; see --help");
    take(options, flag, arguments[++i]);
  }
  check(options);
  return options;
}

std::vector<std::string> to_arguments(const Options& options) {
  const Parameters& parameters = options.parameters;
  return {"--role",        options.role == Role::kCrash ? "crash" : "run",
          "--stores",      options.stores.front(),
          "--workloads",   options.workloads.front(),
          "--keys",        std::to_string(parameters.keys),
          "--value-bytes", std::to_string(parameters.value_bytes),
          "--reads",       std::to_string(parameters.operations_max),
          "--seconds",     std::to_string(parameters.seconds_max),
          "--memory",      std::to_string(options.memory_bytes / kMib),
          "--log",         std::to_string(parameters.log_bytes / kMib),
          "--directory",   options.directory,
          "--seed",        std::to_string(parameters.seed),
          "--writer-rate", std::to_string(parameters.writer_rate)};
}

}  // namespace distkv::bench
