// The LSM engine, owned by the calling thread, with the threads a server gives it.
#include <random>

#include "base/log.h"
#include "bench/engine/engine_store.h"
#include "storage/io/posix_file_system.h"
#include "storage/lsm/lsm_engine.h"

namespace distkv::bench {
namespace {

constexpr size_t kReadThreads = 2;  // As the server's.

// An error in a measured store ends the measurement; warnings are seen by it.
class LoudLog : public base::Log {
 public:
  bool is_enabled(base::LogLevel level) const override { return level >= base::LogLevel::kWarn; }
  void write(base::LogLevel, std::string_view line) override {
    std::fprintf(stderr, "lsm: %.*s\n", static_cast<int>(line.size()), line.data());
  }
};

// What the engine stands on besides its threads; lives as long as the program.
struct Ground {
  storage::io::PosixFileSystem files;
  LoudLog log;
};

std::unique_ptr<Store> open(const StoreOptions& wanted) {
  static Ground ground;
  auto threads = std::make_unique<OwnerThreads>();
  storage::lsm::Options options;
  options.directory = wanted.directory;
  std::random_device chance;
  options.new_store = storage::lsm::StoreId{{chance(), chance()}};
  options.memtable_bytes = wanted.write_buffer_bytes;
  options.cache_bytes = wanted.cache_bytes;
  storage::Executor& log_thread = threads->add_executor(1);
  storage::Executor& background = threads->add_executor(1);
  storage::Executor& readers = threads->add_executor(kReadThreads);
  auto engine = storage::lsm::LsmEngine::open(
      {ground.files, log_thread, background, readers, threads->timers(), *threads, ground.log},
      options);
  if (!engine.is_ok()) stop("lsm: " + engine.status().to_string());
  return std::make_unique<EngineStore>(std::move(threads), std::move(*engine));
}

}  // namespace

StoreKind lsm_kind() {
  return {.name = "lsm",
          .version = "distkv",
          .has_one_owner = true,
          .is_token_ordered = true,
          .open = open};
}

}  // namespace distkv::bench
