#include "storage/map/map_engine.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "storage/rigs.h"

namespace distkv::storage::map {
namespace {

using test::key_at;
using test::text_of;

std::string read(MapEngine& engine, const KeyRef& key) {
  // Shared: an answer that waits comes after this function has returned.
  const auto text = std::make_shared<std::string>("(waits)");
  engine.get(key, Part::kAll, [text](const auto& found) { *text = text_of(found); });
  return *text;
}

TEST_SUITE_BEGIN("map engine");

TEST_CASE("a read that meets a write not yet durable waits for it") {
  test::ScriptedJournal journal;
  MapEngine engine(&journal);
  std::string seen = "(waits)";
  EntryView found;
  test::put(engine, key_at(1, "k"), "v");

  CHECK(*engine.try_get(key_at(1, "k"), Part::kAll, found) == Lookup::kWouldBlock);
  engine.get(key_at(1, "k"), Part::kAll, [&](const auto& entry) { seen = text_of(entry); });
  CHECK(seen == "(waits)");

  journal.finish_one();
  CHECK(seen == "v");
  CHECK(*engine.try_get(key_at(1, "k"), Part::kAll, found) == Lookup::kFound);
}

TEST_CASE("the absence an erasure leaves is shown when the erasure is durable") {
  test::ScriptedJournal journal;
  MapEngine engine(&journal);
  test::put(engine, key_at(1, "k"), "v");
  journal.finish_all();
  test::erase(engine, key_at(1, "k"));
  CHECK(read(engine, key_at(1, "k")) == "(waits)");
  journal.finish_all();
  CHECK(read(engine, key_at(1, "k")) == "(absent)");
}

TEST_CASE("a waiting read answers what it met, however often the key is written meanwhile") {
  test::ScriptedJournal journal;
  MapEngine engine(&journal);
  std::string seen = "(waits)";
  test::put(engine, key_at(1, "k"), "first");
  engine.get(key_at(1, "k"), Part::kAll, [&](const auto& entry) { seen = text_of(entry); });
  test::put(engine, key_at(1, "k"), "second");
  journal.finish_one();
  CHECK(seen == "first");
}

TEST_CASE("a memory write may be read at once, but not over a group write that may vanish") {
  test::ScriptedJournal journal;
  MapEngine engine(&journal);
  auto update = [&](Durability durability) {
    engine.update({.key = key_at(1, "k"),
                   .durability = durability,
                   .decide = test::appending("x"),
                   .visible = {},
                   .durable = test::ignore});
  };
  update(Durability::kMemory);
  CHECK(read(engine, key_at(1, "k")) == "x");
  update(Durability::kGroup);
  update(Durability::kMemory);
  CHECK(read(engine, key_at(1, "k")) == "(waits)");
  journal.finish_one();
  CHECK(read(engine, key_at(1, "k")) == "(waits)");
  journal.finish_one();
  CHECK(read(engine, key_at(1, "k")) == "xxx");
}

TEST_CASE("a journal that answers within the call still lets visible come before durable") {
  test::ScriptedJournal journal;
  journal.answers_inline = true;
  MapEngine engine(&journal);
  std::vector<std::string> events;
  engine.update({.key = key_at(1, "k"),
                 .decide = test::putting("v"),
                 .visible = [&] { events.push_back("visible"); },
                 .durable = [&](const auto&) { events.push_back("durable"); }});
  CHECK(events == std::vector<std::string>{"visible", "durable"});
}

TEST_CASE("after a failed append the engine answers that failure and nothing else") {
  test::ScriptedJournal journal;
  MapEngine engine(&journal);
  std::vector<std::string> answers;
  auto note = [&](const base::Status& status) { answers.push_back(status.to_string()); };
  engine.update(
      {.key = key_at(1, "k"), .decide = test::putting("v"), .visible = {}, .durable = note});
  engine.write({{Space::kData, base::Token{2}, "w", test::entry_of("v")}}, Durability::kGroup,
               note);
  std::string seen;
  engine.get(key_at(1, "k"), Part::kAll, [&](const auto& entry) { seen = text_of(entry); });

  journal.finish_one({base::Code::kIo, "sync failed"});
  CHECK(answers == std::vector<std::string>{"input/output error: sync failed",
                                            "input/output error: sync failed"});
  CHECK(seen == "input/output error");

  journal.finish_one();
  engine.sync(note);
  engine.drop_range({}, note);
  EntryView found;
  CHECK(engine.try_get(key_at(3, "x"), Part::kAll, found).code() == base::Code::kIo);
  CHECK(read(engine, key_at(3, "x")) == "input/output error");
  engine.scan({}, [&](const auto& page) { CHECK(page.code() == base::Code::kIo); });
  CHECK(answers.size() == 4);
  CHECK(answers.back() == "input/output error: sync failed");
  CHECK(journal.waiting() == 0);
}

TEST_CASE("writes over the bound are refused until the journal has caught up") {
  test::ScriptedJournal journal;
  MapEngine engine(&journal, 1000);
  base::Status answer;
  test::put(engine, key_at(1, "k"), std::string(1000, 'v'));
  CHECK(engine.pressure() == 1.0);
  bool is_asked = false;
  engine.update({.key = key_at(1, "k"),
                 .decide =
                     [&](const EntryView*) {
                       is_asked = true;
                       return Decision{};
                     },
                 .visible = {},
                 .durable = [&](const auto& status) { answer = status; }});
  CHECK(answer.code() == base::Code::kOverloaded);
  CHECK_FALSE(is_asked);

  journal.finish_all();
  CHECK(engine.pressure() == 0.0);
  engine.write({}, Durability::kGroup, [&](const auto& status) { answer = status; });
  journal.finish_all();
  CHECK(answer.is_ok());
}

TEST_CASE("what the journal kept makes the engine anew, without what it lost") {
  test::ScriptedJournal journal;
  MapEngine engine(&journal);
  test::put(engine, key_at(1, "a"), "kept");
  test::put(engine, key_at(2, "b"), "kept");
  test::erase(engine, key_at(2, "b"));
  journal.finish_all();
  test::put(engine, key_at(1, "a"), "lost");

  test::ScriptedJournal after;
  MapEngine again(&after);
  again.load(journal.kept());
  CHECK(read(again, key_at(1, "a")) == "kept");
  CHECK(read(again, key_at(2, "b")) == "(absent)");
}

TEST_CASE("a scan is answered when all it shows is durable") {
  test::ScriptedJournal journal;
  MapEngine engine(&journal);
  std::string seen = "(waits)";
  test::put(engine, key_at(1, "a"), "v");
  engine.scan({}, [&](const auto& page) { seen = text_of(page); });
  CHECK(seen == "(waits)");
  journal.finish_all();
  CHECK(seen == "1/a=v end");
}

TEST_CASE("a checkpoint is refused, since memory holds nothing to copy") {
  MapEngine engine;
  base::Status answer;
  engine.checkpoint("/nowhere", [&](const auto& status) { answer = status; });
  CHECK(answer.code() == base::Code::kInvalidArgument);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::map
