#include "replica/hint_store.h"

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "ring/token.h"
#include "support/hint_fixture.h"

namespace distkv::replica {
namespace {

using base::Code;
using base::NodeId;
using base::Result;
using base::Status;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const NodeId kA{"a"};
const NodeId kB{"b"};

TEST_SUITE_BEGIN("hint store");

TEST_CASE("hints are kept per target and listed in key order, page by page") {
  HintFixture here;
  here.keep(kA, "k2", record_of(1, 2, "two"));
  here.keep(kA, "k1", record_of(1, 1, "one"));
  here.keep(kB, "k1", record_of(1, 1, "one"));

  const auto first = here.list(kA, std::nullopt, 1);
  REQUIRE(first.size() == 1);
  CHECK(first[0].key == "k1");
  const auto rest = here.list(kA, first[0].key);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].key == "k2");
  CHECK(here.pending() == 3);
  CHECK(here.counts(kA).pending == 2);
}

TEST_CASE("a page ends with the hint that passes its bytes") {
  HintFixture here;
  for (const char* key : {"k1", "k2", "k3"}) {
    here.keep(kA, key, record_of(1, 1, std::string(1000, 'v')));
  }
  here.hints->list(kA, std::nullopt, {100, 1500}, [](const Result<std::vector<Hint>>& page) {
    REQUIRE(page.is_ok());
    CHECK(page->size() == 2);
  });
}

TEST_CASE("a second hint for a key joins the first as one whole record") {
  HintFixture here;
  here.keep(kA, "k", record_of(1, 1, "from one"));
  here.keep(kA, "k", record_of(2, 1, "from two"));
  REQUIRE(here.list(kA).size() == 1);
  CHECK(decode(here.list(kA)[0].record.view())->versions.size() == 2);
  CHECK(here.pending() == 1);
}

TEST_CASE("a hint carries the newest layout and the age of the oldest write in it") {
  HintFixture here;
  const base::WallTime first = here.hints->now();
  here.keep(kA, "k", record_of(1, 1, "one"), 3);
  here.pass(minutes(5));
  here.keep(kA, "k", record_of(2, 1, "two"), 5);
  here.keep(kA, "k", record_of(3, 1, "three"), 4);

  const HintHeader header = here.list(kA).at(0).header;
  CHECK(header.layout == base::LayoutVersion{5});
  CHECK(header.oldest.at == first);
  CHECK(header.oldest.sequence == 1);
  CHECK(here.counts(kA).oldest == first);
}

TEST_CASE("a delivered hint goes only if it still holds exactly what was delivered") {
  HintFixture here;
  here.keep(kA, "k", record_of(1, 1, "old"));
  const Hint delivered = here.list(kA).at(0);
  here.keep(kA, "k", record_of(1, 2, "newer"));
  here.remove(kA, delivered);
  CHECK(here.pending() == 1);

  here.remove(kA, here.list(kA).at(0));
  CHECK(here.pending() == 0);
  CHECK(here.bytes() == 0);
  CHECK(here.counts(kA).delivered == 2);
  CHECK(here.list(kA).empty());
}

TEST_CASE("what joined a hint on its way counts from when it may first have been kept") {
  HintFixture here;
  here.keep(kA, "k", record_of(1, 1, "old"));
  here.pass(minutes(10));
  const Hint delivered = here.list(kA).at(0);
  const base::WallTime listed = here.hints->now();
  here.pass(minutes(1));
  here.keep(kA, "k", record_of(1, 2, "newer"));
  here.pass(minutes(1));

  here.remove(kA, delivered);

  const Hint left = here.list(kA).at(0);
  CHECK(left.header.oldest.at == listed);
  CHECK(left.header.oldest.sequence == 2);
  CHECK(decode(left.record.view())->versions.back().value == "newer");
}

// ---- Bounds.

TEST_CASE("past its bytes a new hint is dropped and reported, and what is kept stays") {
  HintFixture probe;
  probe.keep(kA, "k1", record_of(1, 1, std::string(100, 'v')));
  HintFixture here({2 * probe.bytes(), hours(3)});
  here.keep(kA, "k1", record_of(1, 1, std::string(100, 'v')));
  here.keep(kB, "k2", record_of(1, 1, std::string(100, 'v')));

  const Status refused = here.add(kA, "k3", record_of(1, 1, std::string(100, 'v')));

  CHECK(refused.code() == Code::kOverloaded);
  CHECK(here.pending() == 2);
  CHECK(here.counts(kA).dropped == 1);
  CHECK(here.hints->ledger().total().dropped == 1);
  REQUIRE(here.dropped.size() == 1);
  CHECK(here.dropped[0] == ring::token_of("k3"));
}

TEST_CASE("a write that would make a hint too large is dropped, the older one stays") {
  HintFixture here({300, hours(3)});
  here.keep(kA, "k", record_of(1, 1, "small"));
  const std::string before = here.list(kA).at(0).record.meta;

  CHECK(here.add(kA, "k", record_of(2, 1, std::string(300, 'v'))).code() == Code::kOverloaded);

  CHECK(here.list(kA).at(0).record.meta == before);
  CHECK(here.dropped.size() == 1);
}

TEST_CASE("a write that makes a hint smaller is taken although there is no room") {
  HintFixture probe;
  probe.keep(kA, "k", record_of(1, 1, std::string(100, 'v')));
  HintFixture here({probe.bytes(), hours(3)});
  here.keep(kA, "k", record_of(1, 1, std::string(100, 'v')));

  here.keep(kA, "k", record_of(1, 2, "v"));

  CHECK(here.bytes() < here.limits.bytes_max);
  CHECK(here.dropped.empty());
}

// Refuses every update, as a full disk does.
class FullEngine : public storage::map::MapEngine {
 public:
  void update(storage::Update update) override {
    update.durable({Code::kNoSpace, "the disk is full"});
  }
};

TEST_CASE("a hint that the store refuses is dropped and reported") {
  FullEngine engine;
  test::HandClock clock;
  test::SilentLog log;
  size_t dropped = 0;
  HintStore hints(engine, clock, log, {}, [&](std::optional<base::Token>) { ++dropped; });
  hints.add(kA, "k", record_of(1, 1, "v").view(), base::LayoutVersion{1},
            [](const Status& status) { CHECK(status.code() == Code::kNoSpace); });
  CHECK(dropped == 1);
  CHECK(hints.ledger().pending() == 0);
  CHECK(hints.frontier().sequence > hints.last_sequence());
}

TEST_CASE("drops are logged now and then, not one by one") {
  HintFixture here({10, hours(3)});
  for (int i = 0; i < 100; ++i) (void)here.add(kA, "k" + std::to_string(i), record_of(1, 1, "v"));
  CHECK(here.log.lines.size() == 1);
  here.pass(kHintDropLogInterval);
  (void)here.add(kA, "k", record_of(1, 1, "v"));
  REQUIRE(here.log.lines.size() == 2);
  CHECK(here.log.lines[1].find("dropped=101") != std::string::npos);
}

TEST_CASE("a hint is dropped for age once its oldest write is too old, and reported") {
  HintFixture here({1 << 20, hours(3)});
  here.keep(kA, "old", record_of(1, 1, "v"));
  here.pass(hours(2));
  here.keep(kA, "old", record_of(2, 1, "w"));
  here.keep(kA, "young", record_of(1, 1, "v"));
  here.expire_all();
  CHECK(here.pending() == 2);

  here.pass(hours(1));
  here.expire_all();

  REQUIRE(here.list(kA).size() == 1);
  CHECK(here.list(kA)[0].key == "young");
  REQUIRE(here.dropped.size() == 1);
  CHECK(here.dropped[0] == ring::token_of("old"));
  CHECK(here.counts(kA).dropped == 1);
}

TEST_CASE("an expiry that comes too late finds what the hint is by now") {
  HintFixture here({1 << 20, hours(3)});
  here.keep(kA, "k", record_of(1, 1, "v"));
  here.pass(hours(3));
  const HintHead old = here.heads().at(0);
  here.remove(kA, here.list(kA).at(0));
  here.keep(kA, "k", record_of(1, 2, "w"));

  here.hints->expire(old, [](const Status& status) { CHECK(status.is_ok()); });

  CHECK(here.pending() == 1);
  CHECK(here.dropped.empty());
}

TEST_CASE("a clock that is set does not age hints; the time between two programs does") {
  HintFixture here({1 << 20, hours(3)});
  here.keep(kA, "k", record_of(1, 1, "v"));
  here.clock.wall += hours(24);
  here.expire_all();
  CHECK(here.pending() == 1);

  here.reload();
  here.expire_all();
  CHECK(here.pending() == 0);
}

// ---- Counts.

TEST_CASE("after a restart the pending hints are counted again, and newer ones are known as such") {
  HintFixture here;
  for (int i = 0; i < 1000; ++i) here.keep(kA, "k" + std::to_string(i), record_of(1, 1, "v"));
  here.keep(kB, "k", record_of(1, 1, "v"));
  const HintLedger before = here.hints->ledger();
  here.pass(minutes(1));
  here.clock.wall += minutes(1);
  here.reload();
  CHECK(here.counts(kA).pending == 1000);
  CHECK(here.counts(kB).pending == 1);
  CHECK(here.pending() == 1001);
  CHECK(here.bytes() == before.bytes());
  CHECK(here.counts(kA).oldest == before.targets().at(kA).oldest);
  CHECK(here.hints->last_sequence() == 1001);
}

TEST_CASE("hints of another format are not counted but refused") {
  HintFixture here;
  here.keep(kA, "k", record_of(1, 1, "v"));
  storage::Scan scan;
  scan.range.space = storage::Space::kHints;
  here.engine.scan(scan, [&](Result<storage::Page> page) {
    storage::Item item = page->items.at(0);
    item.entry.meta[0] = 9;
    here.engine.write({{storage::Space::kHints, item.token, item.key, item.entry}},
                      storage::Durability::kGroup, [](const Status&) {});
  });
  here.make();

  here.hints->load([](const Status& status) { CHECK(status.code() == Code::kCorrupt); });
  CHECK(here.add(kA, "k", record_of(1, 2, "w")).code() == Code::kCorrupt);
}

// Random hints come, join, are delivered, delivered late, dropped for room and for age: what was
// counted on the way must be what a count from the start finds.
TEST_CASE("what is counted on the way is what a recount finds") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    base::Rng rng(seed);
    HintFixture here({4000, minutes(10)});
    const NodeId targets[] = {kA, kB};
    std::vector<std::pair<NodeId, Hint>> on_the_way;
    for (uint64_t step = 1; step <= 400; ++step) {
      const NodeId& target = targets[rng.below(2)];
      const std::string key = "k" + std::to_string(rng.below(20));
      switch (rng.below(8)) {
        case 0:
          here.pass(seconds(rng.below(120)));
          here.expire_all();
          break;
        case 1:
          for (Hint& hint : here.list(target, {}, 5)) on_the_way.push_back({target, hint});
          break;
        case 2:
        case 3:
          if (on_the_way.empty()) break;
          here.remove(on_the_way.back().first, on_the_way.back().second);
          on_the_way.pop_back();
          break;
        default:
          (void)here.add(target, key,
                         record_of(rng.between(1, 3), step, std::string(rng.below(300), 'v')));
      }
    }
    const HintLedger counted = here.hints->ledger();
    CHECK(counted.total().dropped > 0);
    CHECK(counted.total().delivered > 0);
    here.reload();
    CHECK(here.bytes() == counted.bytes());
    for (const auto& [target, counts] : counted.targets()) {
      if (counts.pending == 0) {
        CHECK_FALSE(here.hints->ledger().targets().contains(target));
        continue;
      }
      CHECK(here.counts(target).pending == counts.pending);
      CHECK(here.counts(target).bytes == counts.bytes);
      CHECK(here.counts(target).oldest >= counts.oldest);
    }
  }
}

// Takes a hint away behind the store's back, as damage does.
void lose_one(HintFixture& here) {
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

TEST_CASE("hints that were lost are no longer counted after a recount, but as dropped") {
  HintFixture here;
  for (const char* key : {"k1", "k2", "k3"}) here.keep(kA, key, record_of(1, 1, "one"));
  lose_one(here);
  CHECK(here.pending() == 3);

  here.hints->recount([](const Status& status) { CHECK(status.is_ok()); });

  CHECK(here.pending() == 2);
  CHECK(here.hints->ledger().total().dropped == 1);
  REQUIRE(here.dropped.size() == 1);
  CHECK_FALSE(here.dropped[0].has_value());
  for (const Hint& hint : here.list(kA)) here.remove(kA, hint);
  CHECK(here.pending() == 0);
  CHECK(here.bytes() == 0);
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
  test::HandClock clock;
  test::SilentLog log;
  HintStore hints(engine, clock, log, {}, [](std::optional<base::Token>) {});
  const auto add = [&](const char* key) {
    hints.add(kA, key, record_of(1, 1, "one").view(), base::LayoutVersion{1}, [](const Status&) {});
  };
  add("k1");
  add("k2");
  const uint64_t bytes = hints.ledger().bytes() / 2;

  bool is_done = false;
  hints.recount([&](const Status& status) { is_done = status.is_ok(); });
  add("k3");
  add("k4");
  hints.remove(kA, {"k1", record_of(1, 1, "one"), {}, {}}, [](const Status&) {});
  REQUIRE(engine.held.size() == 1);
  engine.held.front()();

  CHECK(is_done);
  CHECK(hints.ledger().pending() == 3);
  CHECK(hints.ledger().bytes() == 3 * bytes);
  CHECK(hints.ledger().total().dropped == 0);
}

// ---- Looking.

TEST_CASE("a hint can be asked for by target and key") {
  HintFixture here;
  here.keep(kA, "k", record_of(1, 1, "v"));
  int asked = 0;
  const auto contains = [&](const NodeId& target) {
    bool is_kept = false;
    here.hints->contains(target, "k", [&](const Result<bool>& kept) {
      is_kept = *kept;
      ++asked;
    });
    return is_kept;
  };
  CHECK(contains(kA));
  CHECK_FALSE(contains(kB));
  CHECK(asked == 2);
  here.hints->find(kA, "k", [&](const Result<std::optional<Hint>>& found) {
    CHECK((*found)->record.meta == record_of(1, 1, "v").meta);
  });
  here.hints->find(
      kB, "k", [&](const Result<std::optional<Hint>>& found) { CHECK_FALSE(found->has_value()); });
}

TEST_CASE("a walk meets every hint, or those of one target") {
  HintFixture here;
  here.keep(kA, "k1", record_of(1, 1, "v"), 7);
  here.keep(kB, "k2", record_of(1, 1, "v"));

  CHECK(here.heads().size() == 2);
  here.hints->walk(kA, std::nullopt, [](const Result<HintHeads>& page) {
    REQUIRE(page->heads.size() == 1);
    CHECK(page->heads[0].key == "k1");
    CHECK(page->heads[0].header.layout == base::LayoutVersion{7});
    CHECK_FALSE(page->next.has_value());
  });
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::replica
