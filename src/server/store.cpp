#include "server/store.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/rng.h"
#include "runtime/random_seed.h"
#include "storage/io/whole.h"
#include "storage/leveldb/leveldb_engine.h"
#include "storage/lsm/lsm_engine.h"
#include "storage/map/map_engine.h"

namespace distkv::server {

using base::Code;
using base::Status;

namespace {

constexpr size_t kReadThreads = 2;  // Disks answer several reads at once; more only switch.
// A log has at most 64 segments, and the engine lets it grow to twelve memtables: a quarter of one
// leaves room.
constexpr uint64_t kSegmentsPerMemtable = 4;
constexpr uint64_t kPageBytes = 4096;

}  // namespace

uint64_t segment_bytes_for(const storage::lsm::Options& options) {
  const uint64_t share = options.memtable_bytes / kSegmentsPerMemtable;
  return std::max(options.segment_bytes, (share + kPageBytes - 1) / kPageBytes * kPageBytes);
}

Store::~Store() { stop(); }

Status Store::open(const StoreOptions& options) {
  data_dir_ = options.data_dir;
  switch (options.engine) {
    case EngineKind::kLsm:
      return open_lsm(options);
    case EngineKind::kLevelDb:
      return open_leveldb(options);
    case EngineKind::kMemory:
      engine_ = std::make_unique<storage::map::MapEngine>();
      return Status::ok();
  }
  return {Code::kInvalidArgument, "no such engine"};
}

Status Store::open_lsm(const StoreOptions& options) {
  log_thread_.emplace(loop_, 1);
  background_.emplace(loop_, 1);
  readers_.emplace(loop_, kReadThreads);
  storage::lsm::Options lsm = options.lsm;
  lsm.directory = options.data_dir;
  lsm.segment_bytes = segment_bytes_for(lsm);
  base::Rng rng(runtime::random_seed());
  lsm.new_store = storage::lsm::StoreId{rng.next_id()};
  auto opened = storage::lsm::LsmEngine::open(
      {files_, *log_thread_, *background_, *readers_, loop_.timers(), loop_, log_}, lsm);
  if (!opened.is_ok()) return opened.status();
  engine_ = std::move(*opened);
  return Status::ok();
}

Status Store::open_leveldb(const StoreOptions& options) {
  if (Status refused = refuse_lsm_directory(options.data_dir); !refused.is_ok()) return refused;
  log_thread_.emplace(loop_, 1);
  readers_.emplace(loop_, kReadThreads);
  storage::leveldb::Options leveldb;
  leveldb.directory = options.data_dir;
  auto opened = storage::leveldb::LevelDbEngine::open(leveldb, *log_thread_, *readers_);
  if (!opened.is_ok()) return opened.status();
  engine_ = std::move(*opened);
  return Status::ok();
}

// LevelDB would call another engine's CURRENT damaged. Its own names MANIFEST-, in capitals.
Status Store::refuse_lsm_directory(const std::string& directory) {
  constexpr size_t kCurrentBytesMax = 4096;  // One file name, in both engines.
  const auto current = storage::io::read_file(files_, directory + "/CURRENT", kCurrentBytesMax);
  if (!current.is_ok() || current->rfind("manifest-", 0) != 0) return Status::ok();
  return {Code::kInvalidArgument, directory +
                                      " holds a store of the lsm engine; start with --engine lsm, "
                                      "or name another --data-dir"};
}

base::Result<std::string> Store::checkpoint_path(const std::string& name) {
  // An engine without a directory has its own words for why there is nothing to copy.
  std::error_code none;
  if (!std::filesystem::is_directory(data_dir_, none)) return name;
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(data_dir_, error);
  if (error) return Status(Code::kIo, data_dir_ + ": " + error.message());
  const std::string parent = (absolute / "checkpoints").lexically_normal().string();
  if (Status made = files_.make_directory(parent); !made.is_ok()) return made;
  return parent + "/" + name;
}

uint64_t Store::disk_bytes() const {
  if (!log_thread_) return 0;  // All in memory.
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(data_dir_, error);
  return error ? 0 : space.capacity;
}

// Readers first: what they end may start writes. The log's work may start the background's.
void Store::stop() {
  if (readers_) readers_->stop();
  if (log_thread_) log_thread_->stop();
  if (background_) background_->stop();
}

}  // namespace distkv::server
