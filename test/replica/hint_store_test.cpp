#include "replica/hint_store.h"

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <vector>

#include "storage/map/map_engine.h"
#include "support/silent_log.h"

namespace distkv::replica {
namespace {

using base::ActorId;
using base::Counter;
using base::NodeId;
using base::Result;
using base::Status;

RecordBytes record_of(uint64_t actor, uint64_t counter, std::string value) {
  causality::Record record;
  record.seen.raise({ActorId{actor}, Counter{counter}});
  record.versions.push_back({{ActorId{actor}, Counter{counter}},
                             base::OpId{{actor, counter}},
                             causality::kNeverExpires,
                             false,
                             std::move(value)});
  return encode(record);
}

struct Fixture {
  Fixture() { reload(); }
  void reload() {
    hints.emplace(engine, log);
    std::optional<Status> loaded;
    hints->load([&](Status status) { loaded = status; });
    REQUIRE(loaded.has_value());
    REQUIRE(loaded->is_ok());
  }
  void add(const NodeId& target, std::string_view key, const RecordBytes& record) {
    hints->add(target, key, record.view(), [](const Status& status) { CHECK(status.is_ok()); });
  }
  std::vector<Hint> list(const NodeId& target, const std::optional<std::string>& after = {},
                         size_t max = 100) {
    std::vector<Hint> found;
    hints->list(target, after, max, [&](Result<std::vector<Hint>> page) {
      REQUIRE(page.is_ok());
      found = std::move(*page);
    });
    return found;
  }

  storage::map::MapEngine engine;
  test::SilentLog log;
  std::optional<HintStore> hints;
};

const NodeId kA{"a"};
const NodeId kB{"b"};

TEST_SUITE_BEGIN("hint store");

TEST_CASE("hints are kept per target and listed in key order, page by page") {
  Fixture here;
  here.add(kA, "k2", record_of(1, 2, "two"));
  here.add(kA, "k1", record_of(1, 1, "one"));
  here.add(kB, "k1", record_of(1, 1, "one"));

  const auto first = here.list(kA, std::nullopt, 1);
  REQUIRE(first.size() == 1);
  CHECK(first[0].key == "k1");
  const auto rest = here.list(kA, first[0].key);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].key == "k2");
  CHECK(here.hints->pending_total() == 3);
  CHECK(here.hints->pending().at(kA) == 2);
}

TEST_CASE("a second hint for a key joins the first as one whole record") {
  Fixture here;
  here.add(kA, "k", record_of(1, 1, "from one"));
  here.add(kA, "k", record_of(2, 1, "from two"));
  REQUIRE(here.list(kA).size() == 1);
  CHECK(decode(here.list(kA)[0].record.view())->versions.size() == 2);
  CHECK(here.hints->pending_total() == 1);
}

TEST_CASE("a delivered hint goes only if it still holds exactly what was delivered") {
  Fixture here;
  here.add(kA, "k", record_of(1, 1, "old"));
  const Hint delivered = here.list(kA).at(0);
  here.add(kA, "k", record_of(1, 2, "newer"));
  here.hints->remove(kA, delivered, [](const Status& status) { CHECK(status.is_ok()); });
  CHECK(here.hints->pending_total() == 1);

  here.hints->remove(kA, here.list(kA).at(0), [](const Status& status) { CHECK(status.is_ok()); });
  CHECK(here.hints->pending_total() == 0);
  CHECK(here.hints->pending().empty());
  CHECK(here.list(kA).empty());
}

TEST_CASE("after a restart the pending hints are counted again") {
  Fixture here;
  for (int i = 0; i < 1000; ++i) here.add(kA, "k" + std::to_string(i), record_of(1, 1, "v"));
  here.add(kB, "k", record_of(1, 1, "v"));
  here.reload();
  CHECK(here.hints->pending().at(kA) == 1000);
  CHECK(here.hints->pending().at(kB) == 1);
  CHECK(here.hints->pending_total() == 1001);
}

// Takes a hint away behind the store's back, as damage does.
void lose_one(Fixture& here) {
  storage::Scan scan;
  scan.range.space = storage::Space::kHints;
  scan.items_max = 1;
  here.engine.scan(scan, [&](Result<storage::Page> page) {
    REQUIRE(page.is_ok());
    const storage::Item& item = page->items.front();
    here.engine.write({{storage::Space::kHints, item.token, item.key, std::nullopt}},
                      storage::Durability::kGroup, [](const Status&) {});
  });
}

TEST_CASE("hints that were lost are no longer counted after a recount") {
  Fixture here;
  for (const char* key : {"k1", "k2", "k3"}) here.add(kA, key, record_of(1, 1, "one"));
  lose_one(here);
  CHECK(here.hints->pending_total() == 3);

  here.hints->recount([](const Status& status) { CHECK(status.is_ok()); });

  CHECK(here.hints->pending_total() == 2);
  for (const Hint& hint : here.list(kA)) here.hints->remove(kA, hint, [](const Status&) {});
  CHECK(here.hints->pending().empty());
}

// Holds scans back, so that something can happen in between.
class SlowScans : public storage::map::MapEngine {
 public:
  void scan(const storage::Scan& scan, storage::ScanDone done) override {
    held.push_back([this, scan, done] { storage::map::MapEngine::scan(scan, done); });
  }
  std::vector<std::function<void()>> held;
};

TEST_CASE("what is added and removed while hints are counted anew is counted once") {
  SlowScans engine;
  test::SilentLog log;
  HintStore hints(engine, log);
  const auto add = [&](const char* key) {
    hints.add(kA, key, record_of(1, 1, "one").view(), [](const Status&) {});
  };
  add("k1");
  add("k2");

  bool is_done = false;
  hints.recount([&](const Status& status) { is_done = status.is_ok(); });
  add("k3");
  add("k4");
  hints.remove(kA, {"k1", record_of(1, 1, "one")}, [](const Status&) {});
  REQUIRE(engine.held.size() == 1);
  engine.held.front()();

  CHECK(is_done);
  CHECK(hints.pending_total() == 3);
}

TEST_CASE("a hint can be asked for by target and key") {
  Fixture here;
  here.add(kA, "k", record_of(1, 1, "v"));
  int asked = 0;
  here.hints->contains(kA, "k", [&](const Result<bool>& kept) {
    CHECK(*kept);
    ++asked;
  });
  here.hints->contains(kB, "k", [&](const Result<bool>& kept) {
    CHECK_FALSE(*kept);
    ++asked;
  });
  CHECK(asked == 2);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::replica
