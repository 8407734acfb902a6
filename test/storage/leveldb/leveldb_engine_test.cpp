#include "storage/leveldb/leveldb_engine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "storage/leveldb/fault_env.h"
#include "storage/rigs.h"

namespace distkv::storage::leveldb {
namespace {

using test::InlineExecutor;
using test::key_at;
using test::SteppedExecutor;
using test::TemporaryDirectory;
using test::text_of;

std::string read(Engine& engine, const KeyRef& key) {
  std::string text = "(waits)";
  engine.get(key, Part::kAll, [&text](const auto& found) { text = text_of(found); });
  return text;
}

std::unique_ptr<LevelDbEngine> open_inline(const std::string& directory, InlineExecutor& executor,
                                           FaultEnv* env = nullptr) {
  Options options;
  options.directory = directory;
  options.write_buffer_bytes = 64 << 10;
  if (env != nullptr) options.env = env->get();
  auto engine = LevelDbEngine::open(options, executor, executor);
  REQUIRE_MESSAGE(engine.is_ok(), engine.status().to_string());
  return std::move(*engine);
}

// An engine whose writer and readers move only when told.
struct Stepped {
  explicit Stepped(uint64_t pending_bytes_max = 64 << 20) {
    Options options;
    options.directory = directory.path("store");
    options.env = env.get();
    options.pending_bytes_max = pending_bytes_max;
    engine = std::move(*LevelDbEngine::open(options, writer, readers));
  }
  ~Stepped() { run_all(); }
  void run(SteppedExecutor& executor) {
    while (!executor.is_idle()) executor.step(rng);
  }
  void run_all() {
    while (!writer.is_idle() || !readers.is_idle()) {
      run(writer);
      run(readers);
    }
  }
  void write(const std::string& key, const std::string& value, Done done = test::ignore) {
    engine->write({{Space::kData, base::Token{1}, key, test::entry_of(value)}}, Durability::kGroup,
                  std::move(done));
  }

  base::Rng rng{1};
  TemporaryDirectory directory;
  FaultEnv env;
  SteppedExecutor writer{1};
  SteppedExecutor readers{2};
  std::unique_ptr<LevelDbEngine> engine;
};

TEST_SUITE_BEGIN("leveldb engine");

TEST_CASE("a closed store opened again holds everything") {
  TemporaryDirectory directory;
  InlineExecutor executor;
  {
    auto engine = open_inline(directory.path("store"), executor);
    for (int i = 0; i < 500; ++i) {
      test::put(*engine, key_at(i, "k"), std::to_string(i) + std::string(500, 'v'));
    }
    test::erase(*engine, key_at(7, "k"));
  }
  auto engine = open_inline(directory.path("store"), executor);
  for (int i = 0; i < 500; ++i) {
    CHECK(read(*engine, key_at(i, "k")) ==
          (i == 7 ? "(absent)" : std::to_string(i) + std::string(500, 'v')));
  }
}

TEST_CASE("writes asked for while a sync runs share the next one, and answer in order") {
  Stepped rig;
  std::vector<int> answers;
  const int syncs_before = rig.env.log_syncs;
  for (int i = 0; i < 100; ++i) {
    rig.write(std::to_string(i), "v", [&answers, i](const auto& status) {
      CHECK(status.is_ok());
      answers.push_back(i);
    });
  }
  CHECK(rig.writer.size() == 1);
  CHECK(rig.engine->sample().bytes_pending > 0);
  rig.run(rig.writer);

  CHECK(rig.env.log_syncs - syncs_before == 2);
  CHECK(rig.engine->sample().syncs == 2);
  CHECK(rig.engine->sample().bytes_pending == 0);
  CHECK(answers.size() == 100);
  CHECK(std::is_sorted(answers.begin(), answers.end()));
}

TEST_CASE("a read that meets a write not yet durable waits for it, and try_get would block") {
  Stepped rig;
  std::string seen = "(waits)";
  EntryView found;
  rig.write("k", "v");
  CHECK(*rig.engine->try_get(key_at(1, "k"), Part::kAll, found) == Lookup::kWouldBlock);
  rig.engine->get(key_at(1, "k"), Part::kAll, [&](const auto& entry) { seen = text_of(entry); });
  rig.run(rig.readers);
  CHECK(seen == "(waits)");
  rig.run(rig.writer);
  CHECK(seen == "v");
}

TEST_CASE("reads asked for while others are out travel together") {
  Stepped rig;
  int answers = 0;
  for (int i = 0; i < 60; ++i) {
    rig.engine->get(key_at(1, std::to_string(i)), Part::kAll, [&](const auto&) { ++answers; });
  }
  CHECK(rig.readers.size() == 4);
  rig.readers.step(rig.rng);
  rig.readers.step(rig.rng);
  rig.readers.step(rig.rng);
  rig.readers.step(rig.rng);
  rig.run(rig.readers);
  CHECK(answers == 60);
}

TEST_CASE("a write that became durable while an update's read was out is not missed by it") {
  Stepped rig;
  rig.write("k", "old");
  rig.run_all();
  // The line is held up by the read of another key while the writer finishes a group whose write
  // the update's own read, already made, did not show.
  std::string seen;
  rig.write("k", "new");
  rig.engine->update({.key = key_at(1, "far"),
                      .decide = test::putting("v"),
                      .visible = {},
                      .durable = test::ignore});
  rig.engine->update({.key = key_at(1, "k"),
                      .decide =
                          [&seen](const EntryView* current) {
                            seen = current->value;
                            return Decision{};
                          },
                      .visible = {},
                      .durable = test::ignore});
  rig.run(rig.writer);
  CHECK(rig.engine->sample().bytes_pending == 0);
  CHECK(seen.empty());
  rig.run(rig.readers);
  CHECK(seen == "new");
}

TEST_CASE("writes over the bound are refused with a reason until the disk has caught up") {
  Stepped rig(1000);
  base::Status answer;
  rig.write("a", std::string(2000, 'v'));
  CHECK(rig.engine->pressure() == 1.0);
  rig.write("b", "v", [&](const auto& status) { answer = status; });
  CHECK(answer.code() == base::Code::kOverloaded);
  rig.run_all();
  CHECK(rig.engine->pressure() == 0.0);
  rig.write("b", "v", [&](const auto& status) { answer = status; });
  rig.run_all();
  CHECK(answer.is_ok());
}

TEST_CASE("after a failed sync the engine answers that failure and nothing else") {
  Stepped rig;
  std::vector<base::Code> answers;
  auto note = [&](const auto& status) { answers.push_back(status.code()); };
  rig.write("old", "v");
  rig.run_all();
  rig.env.fails_syncs = true;
  rig.write("a", "v", note);
  rig.write("b", "v", note);
  std::string seen = "(waits)";
  rig.engine->get(key_at(1, "a"), Part::kAll, [&](const auto& entry) { seen = text_of(entry); });
  std::string seen_old = "(waits)";
  rig.engine->get(key_at(1, "old"), Part::kAll, [&](const auto& e) { seen_old = text_of(e); });
  rig.run(rig.writer);
  CHECK(answers == std::vector{base::Code::kIo, base::Code::kIo});
  CHECK(seen == "input/output error");
  rig.run(rig.readers);
  CHECK(seen_old == "input/output error");

  rig.env.fails_syncs = false;
  rig.write("c", "v", note);
  rig.engine->sync(note);
  rig.engine->update(
      {.key = key_at(1, "d"), .decide = test::putting("v"), .visible = {}, .durable = note});
  EntryView found;
  CHECK(rig.engine->try_get(key_at(1, "old"), Part::kAll, found).code() == base::Code::kIo);
  CHECK(read(*rig.engine, key_at(1, "old")) == "input/output error");
  CHECK(answers.size() == 5);
  CHECK(std::count(answers.begin(), answers.end(), base::Code::kIo) == 5);
}

TEST_CASE("a full disk is told from a broken one") {
  TemporaryDirectory directory;
  InlineExecutor executor;
  FaultEnv env;
  auto engine = open_inline(directory.path("store"), executor, &env);
  env.is_full = true;
  base::Status answer;
  engine->write({{Space::kData, base::Token{1}, "k", test::entry_of("v")}}, Durability::kGroup,
                [&](const auto& status) { answer = status; });
  CHECK(answer.code() == base::Code::kNoSpace);
}

TEST_CASE("a directory in use is refused with a message that names it") {
  TemporaryDirectory directory;
  InlineExecutor executor;
  auto engine = open_inline(directory.path("store"), executor);
  Options options;
  options.directory = directory.path("store");
  const auto second = LevelDbEngine::open(options, executor, executor);
  REQUIRE_FALSE(second.is_ok());
  CHECK(second.code() == base::Code::kIo);
  CHECK(second.status().message().find(options.directory + " is in use") != std::string::npos);
}

TEST_CASE("a directory that cannot be used is refused with a message that names it") {
  TemporaryDirectory directory;
  InlineExecutor executor;
  Options options;
  options.directory = directory.path("missing/parent/store");
  const auto engine = LevelDbEngine::open(options, executor, executor);
  REQUIRE_FALSE(engine.is_ok());
  CHECK(engine.status().message().find(options.directory) != std::string::npos);
}

TEST_CASE("a store without its manifest is refused as damaged, never opened empty") {
  TemporaryDirectory directory;
  InlineExecutor executor;
  open_inline(directory.path("store"), executor);
  for (const auto& file : std::filesystem::directory_iterator(directory.path("store"))) {
    if (file.path().filename().string().starts_with("MANIFEST")) remove(file.path());
  }
  Options options;
  options.directory = directory.path("store");
  CHECK_FALSE(LevelDbEngine::open(options, executor, executor).is_ok());
}

TEST_CASE("a checkpoint opens as a store of its own and does not follow the first") {
  TemporaryDirectory directory;
  InlineExecutor executor;
  auto engine = open_inline(directory.path("store"), executor);
  test::put(*engine, key_at(1, "a"), "then");
  base::Status answer;
  auto note = [&](const auto& status) { answer = status; };
  engine->checkpoint(directory.path("copy"), note);
  REQUIRE_MESSAGE(answer.is_ok(), answer.to_string());
  test::put(*engine, key_at(1, "a"), "later");
  auto copy = open_inline(directory.path("copy"), executor);
  CHECK(read(*copy, key_at(1, "a")) == "then");

  engine->checkpoint(directory.path("copy"), note);
  CHECK(answer.code() == base::Code::kInvalidArgument);
}

// The bytes of every table of a store, and a way to put them back changed.
struct TableFile {
  std::filesystem::path path;
  std::string bytes;
  void write(const std::string& changed) const {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << changed;
  }
};

std::vector<TableFile> tables_in(const std::string& directory) {
  std::vector<TableFile> tables;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    if (file.path().extension() != ".ldb") continue;
    std::ostringstream bytes;
    bytes << std::ifstream(file.path(), std::ios::binary).rdbuf();
    tables.push_back({file.path(), bytes.str()});
  }
  return tables;
}

TEST_CASE("a damaged table gives the right entry or says it is corrupt, never an absence") {
  TemporaryDirectory directory;
  InlineExecutor executor;
  constexpr int kKeys = 60;
  auto value_of = [](int i) { return std::to_string(i) + std::string(2000, 'v'); };
  {
    auto engine = open_inline(directory.path("store"), executor);
    for (int i = 0; i < kKeys; ++i) test::put(*engine, key_at(i, "k"), value_of(i));
  }
  open_inline(directory.path("store"), executor);  // Turns what is left in the log into a table.
  const auto tables = tables_in(directory.path("store"));
  FaultEnv env;
  REQUIRE_FALSE(tables.empty());

  int corrupt = 0;
  base::Rng rng(1);
  for (int round = 0; round < 300; ++round) {
    const TableFile& table = tables[rng.below(tables.size())];
    std::string changed = table.bytes;
    const size_t at = rng.below(changed.size());
    CAPTURE(round);
    CAPTURE(at);
    changed[at] = static_cast<char>(changed[at] ^ (1 << rng.below(8)));
    if (rng.chance(0.1)) changed.resize(at);
    table.write(changed);
    Options options;
    options.directory = directory.path("store");
    options.env = env.get();
    if (auto engine = LevelDbEngine::open(options, executor, executor); engine.is_ok()) {
      for (int i = 0; i < kKeys; ++i) {
        const std::string seen = read(**engine, key_at(i, "k"));
        if (seen != "corrupt") REQUIRE(seen == value_of(i));
        corrupt += seen == "corrupt" ? 1 : 0;
      }
    }
    table.write(table.bytes);
  }
  CHECK(corrupt > 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::leveldb
