#include "server/store.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/types.h"
#include "support/silent_log.h"

namespace distkv::server {
namespace {

using base::Code;
using base::Status;

// A directory that goes with the test.
class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "distkv-store-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Opens a store and closes it in order, as a server does.
Status open_once(EngineKind engine, const std::string& directory) {
  runtime::Loop loop;
  test::SilentLog log;
  Store store(loop, log);
  StoreOptions options;
  options.engine = engine;
  options.data_dir = directory;
  options.lsm.ballast_bytes = 1 << 20;
  Status opened = store.open(options);
  if (!opened.is_ok()) return opened;
  bool is_closed = false;
  store.engine().close([&](const Status& status) { is_closed = status.is_ok(); });
  CHECK(loop.run_until([&] { return is_closed; }, std::chrono::seconds(30)));
  store.stop();
  return opened;
}

TEST_SUITE_BEGIN("store of a server");

TEST_CASE("each engine opens its own directory again, and none another's") {
  const Directory lsm;
  const Directory leveldb;
  for (int round = 0; round < 2; ++round) {
    CHECK(open_once(EngineKind::kLsm, lsm.path()).is_ok());
    CHECK(open_once(EngineKind::kLevelDb, leveldb.path()).is_ok());
  }

  const Status as_leveldb = open_once(EngineKind::kLevelDb, lsm.path());
  const Status as_lsm = open_once(EngineKind::kLsm, leveldb.path());

  CHECK(as_leveldb.code() == Code::kInvalidArgument);
  CHECK(as_leveldb.message().find("start with --engine lsm") != std::string::npos);
  CHECK(as_lsm.code() == Code::kInvalidArgument);
  CHECK(as_lsm.message().find("start with --engine leveldb") != std::string::npos);
  CHECK(open_once(EngineKind::kLsm, lsm.path()).is_ok());
  CHECK(open_once(EngineKind::kLevelDb, leveldb.path()).is_ok());
}

TEST_CASE("a segment takes the largest put, and grows with large memtables in whole pages") {
  storage::lsm::Options options;
  const uint64_t standard = segment_bytes_for(options);
  CHECK(standard / 2 > base::kValueBytesMax + base::kKeyBytesMax + (128 << 10));
  options.memtable_bytes = 1 << 20;
  CHECK(segment_bytes_for(options) == standard);
  options.memtable_bytes = 1 << 30;
  CHECK(segment_bytes_for(options) == 256 << 20);
  options.memtable_bytes = (1 << 30) - 1;
  CHECK(segment_bytes_for(options) == 256 << 20);
}

TEST_CASE("a store knows the size of its disk, one in memory has none") {
  const Directory directory;
  for (const EngineKind engine : {EngineKind::kLsm, EngineKind::kMemory}) {
    runtime::Loop loop;
    test::SilentLog log;
    Store store(loop, log);
    StoreOptions options;
    options.engine = engine;
    options.data_dir = directory.path();
    options.lsm.ballast_bytes = 1 << 20;
    REQUIRE(store.open(options).is_ok());
    const bool is_in_memory = engine == EngineKind::kMemory;
    CHECK(store.disk_bytes() ==
          (is_in_memory ? 0 : std::filesystem::space(directory.path()).capacity));
    bool is_closed = false;
    store.engine().close([&](const Status& status) { is_closed = status.is_ok(); });
    CHECK(loop.run_until([&] { return is_closed; }, std::chrono::seconds(30)));
    store.stop();
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::server
