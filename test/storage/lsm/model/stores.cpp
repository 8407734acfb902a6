// The stores that stand on nothing a test needs to move: the map, and LevelDB on a directory.
#include <filesystem>
#include <optional>
#include <utility>

#include "base/check.h"
#include "storage/executors.h"
#include "storage/leveldb/fault_env.h"
#include "storage/leveldb/leveldb_engine.h"
#include "storage/lsm/model/store.h"
#include "storage/map/map_engine.h"
#include "storage/rigs.h"

namespace distkv::storage::lsm::test {

namespace {

class MapStore : public Store {
 public:
  Engine& engine() override { return engine_; }
  std::string reopen(uint64_t) override { return {}; }
  std::string with_checkpoint(const std::function<void(Engine&)>& look) override {
    look(engine_);
    return {};
  }

 private:
  map::MapEngine engine_;
};

class LevelDbStore : public Store {
 public:
  LevelDbStore() : engine_(open(directory_.path("store"))) {}
  Engine& engine() override { return *engine_; }
  std::string reopen(uint64_t) override {
    engine_.reset();
    engine_ = open(directory_.path("store"));
    return {};
  }
  std::string with_checkpoint(const std::function<void(Engine&)>& look) override {
    const std::string path = directory_.path("copy" + std::to_string(++copies_));
    std::optional<base::Status> copied;
    engine_->checkpoint(path, [&copied](const base::Status& status) { copied = status; });
    if (!copied || !copied->is_ok()) return copied ? copied->to_string() : "no answer";
    look(*open(path));
    std::filesystem::remove_all(path);
    return {};
  }

 private:
  std::unique_ptr<Engine> open(const std::string& path) {
    leveldb::Options options;
    options.directory = path;
    options.write_buffer_bytes = 256 << 10;  // Some tables in a life.
    options.env = env_.get();
    auto engine = leveldb::LevelDbEngine::open(options, inline_, inline_);
    DISTKV_CHECK(engine.is_ok());
    return std::move(*engine);
  }

  distkv::storage::test::TemporaryDirectory directory_;
  leveldb::FaultEnv env_;  // Whose syncs cost nothing.
  distkv::storage::test::InlineExecutor inline_;
  std::unique_ptr<Engine> engine_;
  int copies_ = 0;
};

}  // namespace

std::unique_ptr<Store> make_map_store() { return std::make_unique<MapStore>(); }
std::unique_ptr<Store> make_leveldb_store() { return std::make_unique<LevelDbStore>(); }

}  // namespace distkv::storage::lsm::test
