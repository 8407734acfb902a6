#include "repair/hint_waits.h"

#include <doctest/doctest.h>

#include <optional>

#include "support/hint_bench.h"

namespace distkv::repair {
namespace {

using base::Code;
using base::NodeId;
using base::Result;
using base::Status;
using std::chrono::hours;
using std::chrono::seconds;

struct Fixture : HintBench {
  explicit Fixture(const replica::HintLimits& limits = {}) : HintBench(limits) {}

  // "waiting", "done", "time is up" or a code's name, as it becomes.
  std::shared_ptr<std::string> wait(std::optional<NodeId> target = {},
                                    base::Duration timeout = seconds(60)) {
    auto state = std::make_shared<std::string>("waiting");
    waits.wait(std::move(target), timeout, [state](const Result<bool>& outcome) {
      CHECK(*state == "waiting");
      *state = !outcome.is_ok() ? std::string(base::name_of(outcome.code()))
               : *outcome       ? "done"
                                : "time is up";
    });
    return state;
  }
  // As if the target had taken what is listed now.
  void deliver_all(const std::string& target) {
    hints.list(NodeId{target}, std::nullopt, {10000, 1 << 30}, [&](auto page) {
      for (const replica::Hint& hint : *page) {
        hints.remove(NodeId{target}, hint, [](const Status&) {});
      }
    });
  }
  HintWaits waits{hints, timers};
};

TEST_SUITE_BEGIN("hint waits");

TEST_CASE("with nothing kept a wait ends at once") {
  Fixture here;
  CHECK(*here.wait() == "done");
}

TEST_CASE("a wait ends when all that was kept before it is delivered, not what came later") {
  Fixture here;
  here.keep_many("a", 1000);
  here.keep_many("b", 10);
  const auto all = here.wait();
  const auto only_b = here.wait(NodeId{"b"});
  here.keep("a", "later");
  here.keep("b", "later");
  here.run(seconds(1));
  CHECK(*all == "waiting");

  here.hints.list(NodeId{"b"}, std::nullopt, {100, 1 << 20}, [&](const auto& page) {
    for (const replica::Hint& hint : *page) {
      if (hint.key != "later") here.hints.remove(NodeId{"b"}, hint, [](const Status&) {});
    }
  });
  here.run(seconds(1));
  CHECK(*only_b == "done");
  CHECK(*all == "waiting");

  here.deliver_all("a");
  here.keep("a", "later still");
  here.run(seconds(1));
  CHECK(*all == "done");
}

TEST_CASE("a hint that is written again and again ends the wait with its first delivery") {
  Fixture here;
  here.keep("a", "k");
  const auto wait = here.wait();
  here.hints.list(NodeId{"a"}, std::nullopt, {1, 1}, [&](const auto& page) {
    const replica::Hint delivered = page->front();
    here.keep("a", "k");
    here.hints.remove(NodeId{"a"}, delivered, [](const Status&) {});
  });
  CHECK(here.pending("a") == 1);
  here.run(seconds(1));
  CHECK(*wait == "done");
}

TEST_CASE("what joined a hint before the wait is waited for, though an older state was delivered") {
  Fixture here;
  here.keep("a", "k");
  replica::Hint delivered;
  here.hints.list(NodeId{"a"}, std::nullopt, {1, 1},
                  [&](const auto& page) { delivered = page->front(); });
  here.keep("a", "k");
  const auto wait = here.wait();
  here.hints.remove(NodeId{"a"}, delivered, [](const Status&) {});
  here.run(seconds(1));
  CHECK(*wait == "waiting");
  here.deliver_all("a");
  here.run(seconds(1));
  CHECK(*wait == "done");
}

TEST_CASE("a hint that is dropped holds up no wait") {
  Fixture here({1 << 20, hours(3)});
  here.keep("a", "k");
  const auto wait = here.wait({}, hours(10));
  here.clock.time += hours(3);
  here.hints.walk(std::nullopt, std::nullopt, [&](const auto& page) {
    here.hints.expire(page->heads.at(0), [](const Status&) {});
  });
  here.run(seconds(1));
  CHECK(*wait == "done");
}

TEST_CASE("hints of an earlier life are waited for") {
  Fixture here;
  here.keep("a", "k");
  replica::HintStore hints(here.engine, here.clock, here.log, {},
                           [](std::optional<base::Token>) {});
  hints.load([](const Status& status) { REQUIRE(status.is_ok()); });
  HintWaits waits(hints, here.timers);
  std::optional<bool> is_done;
  waits.wait(std::nullopt, seconds(1), [&](const Result<bool>& outcome) { is_done = *outcome; });
  here.run(seconds(2));
  CHECK(is_done == false);
}

TEST_CASE("a wait ends when its time is up") {
  Fixture here;
  here.keep("a", "k");
  const auto wait = here.wait({}, seconds(5));
  here.run(seconds(4));
  CHECK(*wait == "waiting");
  here.run(seconds(1));
  CHECK(*wait == "time is up");
}

TEST_CASE("no more than so many may wait, and a stop answers all of them") {
  Fixture here;
  here.keep("a", "k");
  std::vector<std::shared_ptr<std::string>> waits;
  for (size_t i = 0; i < kHintWaitsMax; ++i) waits.push_back(here.wait());
  CHECK(*here.wait() == name_of(Code::kOverloaded));
  here.waits.stop();
  for (const auto& wait : waits) CHECK(*wait == name_of(Code::kShuttingDown));
  CHECK(*here.wait({}, seconds(0)) == "waiting");
}

// Holds an update back, as one whose entry must be read from disk.
class SlowEngine : public storage::map::MapEngine {
 public:
  void update(storage::Update update) override {
    key = std::string(update.key.key);
    update.key.key = key;
    held.push_back(std::move(update));
  }
  void go_on() {
    for (storage::Update& update : std::exchange(held, {})) {
      storage::map::MapEngine::update(std::move(update));
    }
  }
  std::vector<storage::Update> held;
  std::string key;
};

TEST_CASE("a hint that waits for the disk when the wait begins is waited for") {
  Fixture here;
  SlowEngine engine;
  replica::HintStore hints(engine, here.clock, here.log, {}, [](std::optional<base::Token>) {});
  hints.load([](const Status& status) { REQUIRE(status.is_ok()); });
  HintWaits waits(hints, here.timers);
  hints.add(NodeId{"a"}, "k", replica::record_of(1, 1, "v").view(), base::LayoutVersion{1},
            [](const Status&) {});
  std::optional<bool> is_done;
  waits.wait(std::nullopt, seconds(5), [&](const Result<bool>& outcome) { is_done = *outcome; });
  here.run(seconds(1));
  CHECK_FALSE(is_done.has_value());
  engine.go_on();
  here.run(seconds(1));
  CHECK_FALSE(is_done.has_value());
  here.run(seconds(4));
  CHECK(is_done == false);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::repair
