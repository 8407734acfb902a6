// Reads, updates and the object cache where the entry must come from the disk: what is decided and
// answered while a fetch is under way.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "storage/lsm/engine/engine_rig.h"

namespace distkv::storage::lsm::test {
namespace {

using distkv::storage::test::appending;
using distkv::storage::test::erasing;
using io::test::CachedReads;

// Everything is in tables and nothing of them in the system's memory: each read goes to the disk.
struct Fetching {
  Fetching() {
    rig.disk.set_cached_reads(CachedReads::kNever);
    rig.open();
    for (uint64_t token = 1; token <= 3; ++token) REQUIRE(rig.put(token, "old") == "ok");
    rig.flush();
  }

  void ask(uint64_t token) {
    rig.engine().get(key_at(token, "k"), Part::kAll, [this](const auto& found) {
      answers.push_back(distkv::storage::test::text_of(found));
    });
  }
  void append(uint64_t token, const std::string& tail) {
    rig.engine().update(
        {.key = key_at(token, "k"),
         .decide = appending(tail),
         .visible = {},
         .durable = [this](const base::Status& status) { answers.push_back(status.to_string()); }});
  }
  void write(uint64_t token, const std::string& value) {
    rig.engine().write(
        {{Space::kData, base::Token{token}, "k", Entry{"m", value}}}, Durability::kGroup,
        [this](const base::Status& status) { answers.push_back(status.to_string()); });
  }

  EngineRig rig{Threads::kStepped};
  std::vector<std::string> answers;
};

using Answers = std::vector<std::string>;

TEST_SUITE_BEGIN("lsm");

TEST_CASE("a get answers from the disk, and try_get says that it would block") {
  Fetching fetching;
  EntryView found;
  const auto lookup = fetching.rig.engine().try_get(key_at(1, "k"), Part::kAll, found);
  REQUIRE(lookup.is_ok());
  CHECK(*lookup == Lookup::kWouldBlock);

  fetching.ask(1);
  CHECK(fetching.answers.empty());
  fetching.rig.settle();
  CHECK(fetching.answers == Answers{"old"});
}

TEST_CASE("updates of a key whose entry is being fetched decide one after another") {
  Fetching fetching;

  fetching.append(1, "+a");
  fetching.append(1, "+b");
  fetching.append(1, "+c");
  fetching.rig.settle();

  CHECK(fetching.answers == Answers{"ok", "ok", "ok"});
  CHECK(fetching.rig.get(1) == "old+a+b+c");
}

TEST_CASE("a get asked behind an update sees it, though the update waits for the disk") {
  Fetching fetching;

  fetching.append(1, "+a");
  fetching.ask(1);
  fetching.rig.settle();

  CHECK(fetching.rig.get(1) == "old+a");
  CHECK(std::find(fetching.answers.begin(), fetching.answers.end(), "old+a") !=
        fetching.answers.end());
}

TEST_CASE("so does one with a batch between them") {
  Fetching fetching;

  fetching.append(1, "+a");
  fetching.write(1, "batch");
  fetching.append(2, "+a");
  fetching.ask(2);
  fetching.ask(1);
  fetching.rig.settle();

  REQUIRE(fetching.answers.size() == 5);
  CHECK(std::count(fetching.answers.begin(), fetching.answers.end(), "old+a") == 1);
  CHECK(std::count(fetching.answers.begin(), fetching.answers.end(), "batch") == 1);
}

TEST_CASE("a get held behind a batch of other keys sees the updates asked for before it") {
  Fetching fetching;
  constexpr int kInterleavings = 40;
  for (int i = 0; i < kInterleavings; ++i) {
    REQUIRE(fetching.rig.put(1, "old") == "ok");
    fetching.rig.flush();
    fetching.answers.clear();

    // The batch waits for the second update's fetch; the get behind it is of the first one's key.
    fetching.append(1, "+a");
    fetching.append(2, "+b");
    fetching.write(2, "batch");
    fetching.ask(1);
    fetching.rig.settle();

    REQUIRE(std::count(fetching.answers.begin(), fetching.answers.end(), "old+a") == 1);
  }
}

TEST_CASE("a write to a key whose update is being fetched comes after it") {
  Fetching fetching;

  fetching.append(1, "+a");
  fetching.write(1, "new");
  fetching.append(1, "+b");
  fetching.rig.settle();

  CHECK(fetching.answers == Answers{"ok", "ok", "ok"});
  CHECK(fetching.rig.get(1) == "new+b");
}

TEST_CASE("a drop waits for the fetches before it, and what is asked meanwhile for the drop") {
  Fetching fetching;
  constexpr int kInterleavings = 40;
  for (int i = 0; i < kInterleavings; ++i) {
    REQUIRE(fetching.rig.put(1, "old") == "ok");
    fetching.rig.flush();

    fetching.append(1, "+a");
    fetching.rig.engine().drop_range({}, [](const base::Status& status) { CHECK(status.is_ok()); });
    fetching.append(2, "+b");
    fetching.rig.settle();

    REQUIRE(fetching.rig.scan() == "2/k=+b end");
  }
}

TEST_CASE(
    "a get shows what was when it was asked, or later, never what a write before it replaced") {
  Fetching fetching;

  fetching.write(1, "new");
  fetching.ask(1);
  fetching.rig.settle();

  CHECK(fetching.answers == Answers{"ok", "new"});
}

TEST_CASE("closing lets the fetches under way answer") {
  Fetching fetching;

  fetching.ask(1);
  fetching.append(2, "+a");
  CHECK(fetching.rig.close().is_ok());

  REQUIRE(fetching.answers.size() == 2);
  CHECK(std::count(fetching.answers.begin(), fetching.answers.end(), "old") == 1);
  // Decided before the log was closed, or refused: the store says which.
  const bool is_taken = std::count(fetching.answers.begin(), fetching.answers.end(), "ok") == 1;
  fetching.rig.open();
  CHECK(fetching.rig.get(2) == (is_taken ? "old+a" : "old"));
}

TEST_CASE("a closing store takes nothing new") {
  Fetching fetching;
  std::string closed;
  fetching.rig.engine().close([&](const base::Status& status) { closed = status.to_string(); });

  CHECK(fetching.rig.put(1, "new").starts_with("shutting down"));
  CHECK(closed == "ok");
}

TEST_CASE("the object cache never shows what writes, flushes or merges have replaced") {
  Fetching fetching;
  std::string expected = "old";
  for (int round = 0; round < 40; ++round) {
    // Twice missed is kept.
    for (int i = 0; i < 3; ++i) REQUIRE(fetching.rig.get(1) == expected);
    expected = "round " + std::to_string(round);
    if (round % 3 == 0) {
      fetching.write(1, expected);
      fetching.rig.settle();
    } else {
      REQUIRE(fetching.rig.put(1, expected) == "ok");
    }
    if (round % 2 == 0) REQUIRE(fetching.rig.get(1) == expected);
    if (round % 4 < 2) fetching.rig.flush();
  }
  REQUIRE(fetching.rig.erase(1) == "ok");
  fetching.rig.flush();
  for (int i = 0; i < 3; ++i) CHECK(fetching.rig.get(1) == "(absent)");
}

TEST_CASE("what a fetch brings is not cached if the key was written meanwhile, or that flushed") {
  Fetching fetching;
  constexpr int kInterleavings = 400;
  for (int i = 0; i < kInterleavings; ++i) {
    // The second miss would be kept.
    fetching.ask(1);
    fetching.ask(1);
    fetching.write(1, std::to_string(i));
    if (i % 2 == 0) (void)fetching.rig.engine().take_snapshot({});
    fetching.rig.settle();
    if (i % 2 == 1) fetching.rig.flush();
    REQUIRE(fetching.rig.get(1) == std::to_string(i));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm::test
