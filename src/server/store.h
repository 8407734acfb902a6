// The engine a server was asked for, with the threads and files under it.
//
// open() → use engine() → engine().close() answered → stop(). Loop thread only. Invariant: the
// executors outlive the engine's last work, and the engine outlives what they still run for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "runtime/loop.h"
#include "runtime/thread_executor.h"
#include "storage/engine.h"
#include "storage/io/posix_file_system.h"
#include "storage/lsm/options.h"

namespace distkv::server {

enum class EngineKind : uint8_t { kLsm, kLevelDb, kMemory };

struct StoreOptions {
  EngineKind engine = EngineKind::kLsm;
  std::string data_dir = "./data";
  storage::lsm::Options lsm;  // Directory and store id are set by open(), segments may grow.
};

// The size of log segments for memtables of the size given: bytes, whole pages, never below the
// engine's own.
uint64_t segment_bytes_for(const storage::lsm::Options& options);

class Store {
 public:
  // Both must outlive this.
  Store(runtime::Loop& loop, base::Log& log) : loop_(loop), log_(log) {}
  ~Store();

  // Blocks until the store is recovered. What is wrong with the directory, and what to do, if it
  // cannot be.
  base::Status open(const StoreOptions& options);
  storage::Engine& engine() { return *engine_; }
  // Where the copy of this name goes, absolute; makes the directory that keeps all copies, below
  // the data directory because copies share files with the store.
  base::Result<std::string> checkpoint_path(const std::string& name);
  // The size of the file system that the store lies on; zero: it lies on none, or that is unknown.
  uint64_t disk_bytes() const;
  // Ends all work the threads still have, and the threads. Idempotent.
  void stop();

 private:
  base::Status open_lsm(const StoreOptions& options);
  base::Status open_leveldb(const StoreOptions& options);
  base::Status refuse_lsm_directory(const std::string& directory);

  runtime::Loop& loop_;
  base::Log& log_;
  storage::io::PosixFileSystem files_;
  std::optional<runtime::ThreadExecutor> log_thread_;
  std::optional<runtime::ThreadExecutor> background_;
  std::optional<runtime::ThreadExecutor> readers_;
  std::unique_ptr<storage::Engine> engine_;
  std::string data_dir_;
};

}  // namespace distkv::server
