#include "storage/rigs.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/check.h"
#include "storage/leveldb/fault_env.h"
#include "storage/leveldb/leveldb_engine.h"
#include "storage/lsm/lsm_host.h"
#include "storage/map/map_engine.h"

namespace distkv::storage::test {
namespace {

class MemoryRig : public Rig {
 public:
  Engine& engine() override { return engine_; }
  void settle() override {}

 private:
  map::MapEngine engine_;
};

class JournalRig : public Rig {
 public:
  Engine& engine() override { return engine_; }
  void settle() override { journal_.finish_all(); }

 private:
  ScriptedJournal journal_;
  map::MapEngine engine_{&journal_};
};

// Small buffers, so that a test of a few hundred keys sees tables and compactions too.
std::unique_ptr<leveldb::LevelDbEngine> open_leveldb(const std::string& directory,
                                                     leveldb::FaultEnv& env, Executor& writer,
                                                     Executor& readers) {
  leveldb::Options options;
  options.directory = directory;
  options.write_buffer_bytes = 64 << 10;
  options.env = env.get();
  auto engine = leveldb::LevelDbEngine::open(options, writer, readers);
  DISTKV_CHECK(engine.is_ok());
  return std::move(*engine);
}

class LevelDbInlineRig : public Rig {
 public:
  Engine& engine() override { return *engine_; }
  void settle() override {}

 private:
  TemporaryDirectory directory_;
  leveldb::FaultEnv env_;
  InlineExecutor executor_;
  std::unique_ptr<Engine> engine_ =
      open_leveldb(directory_.path("store"), env_, executor_, executor_);
};

class LevelDbSteppedRig : public Rig {
 public:
  explicit LevelDbSteppedRig(uint64_t seed) : rng_(seed) {}
  ~LevelDbSteppedRig() override { settle(); }
  Engine& engine() override { return *engine_; }
  void settle() override {
    while (!writer_.is_idle() || !readers_.is_idle()) {
      const bool writes = readers_.is_idle() || (!writer_.is_idle() && rng_.chance(0.5));
      (writes ? writer_ : readers_).step(rng_);
    }
  }

 private:
  base::Rng rng_;
  TemporaryDirectory directory_;
  leveldb::FaultEnv env_;
  SteppedExecutor writer_{1};
  SteppedExecutor readers_{3};
  std::unique_ptr<Engine> engine_ = open_leveldb(directory_.path("store"), env_, writer_, readers_);
};

class LsmRig : public Rig {
 public:
  LsmRig(uint64_t seed, bool is_inline) : host_(seed, is_inline) {
    // Nobody lets it catch up between calls, so it must not fall behind.
    host_.options.memtable_bytes = std::max<uint64_t>(host_.options.memtable_bytes, 16 << 10);
    engine_ = host_.open(directory_.path("store"));
  }
  ~LsmRig() override { DISTKV_CHECK(host_.close(*engine_).is_ok()); }
  Engine& engine() override { return *engine_; }
  void settle() override { host_.settle(); }

 private:
  TemporaryDirectory directory_;
  LsmHost host_;
  std::unique_ptr<lsm::LsmEngine> engine_;
};

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "distkv_storage_XXXXXX").string();
  DISTKV_CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void ScriptedJournal::append(std::vector<Write> batch, Done durable) {
  waiting_.push_back({std::move(batch), std::move(durable)});
  if (answers_inline) finish_one();
}

void ScriptedJournal::finish_one(const base::Status& status) {
  DISTKV_CHECK(!waiting_.empty());
  Batch batch = std::move(waiting_.front());
  waiting_.pop_front();
  if (status.is_ok()) {
    for (Write& write : batch.writes) kept_.push_back(std::move(write));
  }
  batch.durable(status);
}

void ScriptedJournal::finish_all() {
  while (!waiting_.empty()) finish_one();
}

std::unique_ptr<Rig> make_memory_rig() { return std::make_unique<MemoryRig>(); }
std::unique_ptr<Rig> make_journal_rig() { return std::make_unique<JournalRig>(); }
std::unique_ptr<Rig> make_leveldb_inline_rig() { return std::make_unique<LevelDbInlineRig>(); }
std::unique_ptr<Rig> make_leveldb_stepped_rig(uint64_t seed) {
  return std::make_unique<LevelDbSteppedRig>(seed);
}
std::unique_ptr<Rig> make_lsm_inline_rig(uint64_t seed) {
  return std::make_unique<LsmRig>(seed, true);
}
std::unique_ptr<Rig> make_lsm_stepped_rig(uint64_t seed) {
  return std::make_unique<LsmRig>(seed, false);
}

const std::vector<RigKind>& rig_kinds() {
  static const std::vector<RigKind> kinds = {
      {"memory", [](uint64_t) { return make_memory_rig(); }},
      {"memory with a journal", [](uint64_t) { return make_journal_rig(); }},
      {"LevelDB, inline", [](uint64_t) { return make_leveldb_inline_rig(); }},
      {"LevelDB, stepped", [](uint64_t seed) { return make_leveldb_stepped_rig(seed); }},
      {"LSM, inline", [](uint64_t seed) { return make_lsm_inline_rig(seed); }},
      {"LSM, stepped", [](uint64_t seed) { return make_lsm_stepped_rig(seed); }},
  };
  return kinds;
}

KeyRef key_at(uint64_t token, std::string_view key, Space space) {
  return {space, base::Token{token}, key};
}

Entry entry_of(std::string_view value, std::string_view meta) {
  return {std::string(meta), std::string(value)};
}

std::function<Decision(const EntryView*)> putting(std::string value) {
  return [value](const EntryView*) { return Decision{Decision::Action::kPut, entry_of(value)}; };
}

std::function<Decision(const EntryView*)> erasing() {
  return [](const EntryView*) { return Decision{Decision::Action::kErase, {}}; };
}

std::function<Decision(const EntryView*)> appending(std::string tail) {
  return [tail](const EntryView* current) {
    const std::string before(current == nullptr ? "" : current->value);
    return Decision{Decision::Action::kPut, entry_of(before + tail)};
  };
}

void ignore(const base::Status&) {}

void put(Engine& engine, const KeyRef& key, std::string value) {
  engine.update(
      {.key = key, .decide = putting(std::move(value)), .visible = {}, .durable = ignore});
}

void erase(Engine& engine, const KeyRef& key) {
  engine.update({.key = key, .decide = erasing(), .visible = {}, .durable = ignore});
}

std::string read(Rig& rig, const KeyRef& key) {
  std::string text = "(no answer)";
  rig.engine().get(key, Part::kAll, [&text](const auto& entry) { text = text_of(entry); });
  rig.settle();
  return text;
}

std::string scan_text(Rig& rig, const Scan& scan) {
  std::string text = "(no answer)";
  rig.engine().scan(scan, [&text](const auto& page) { text = text_of(page); });
  rig.settle();
  return text;
}

std::string text_of(const base::Result<std::optional<EntryView>>& entry) {
  if (!entry.is_ok()) return std::string(base::name_of(entry.code()));
  return *entry ? std::string((*entry)->value) : "(absent)";
}

std::string text_of(const base::Result<Page>& page) {
  if (!page.is_ok()) return std::string(base::name_of(page.code()));
  std::string text;
  for (const Item& item : page->items) {
    text += std::to_string(item.token.value()) + "/" + item.key + "=" + item.entry.value + " ";
  }
  return text + (page->is_last ? "end" : "more");
}

}  // namespace distkv::storage::test
