#include "sim/sim_store.h"

#include <doctest/doctest.h>

#include <set>
#include <utility>

#include "sim/sim_clock.h"

namespace distkv::sim {

namespace {

class Notebook : public DiskObserver {
 public:
  void on_write(CommitNumber, const storage::Write&) override {}
  void on_durable(CommitNumber) override {}
  void on_lost_after(CommitNumber number) override { kept = number; }
  void on_wiped() override {}
  CommitNumber kept = 0;
};

class Quiet : public base::Log {
  bool is_enabled(base::LogLevel) const override { return false; }
  void write(base::LogLevel, std::string_view) override {}
};

// A machine whose program writes.
class Bench {
 public:
  Bench(EngineKind kind, uint64_t seed)
      : store(make_store({kind, false},
                         {scheduler, notebook, clock, log,
                          [this](const auto& event) {
                            event();
                            run_timers();
                          },
                          [this](const std::string& what) { wrong = what; }},
                         base::Rng(seed))) {}

  void start() {
    timers = std::make_unique<base::Timers>(clock);
    auto opened = store->open(*timers);
    REQUIRE(opened.is_ok());
    engine = std::move(*opened);
  }
  void put(int number) {
    std::vector<storage::Write> batch{{storage::Space::kData, base::Token{1},
                                       "key-" + std::to_string(number),
                                       storage::Entry{"meta", std::string(300, 'v')}}};
    engine->write(std::move(batch), storage::Durability::kGroup,
                  [this](const base::Status& status) {
                    answered += status.is_ok() ? 1 : 0;
                    if (!status.is_ok()) refused = status;
                  });
    run_timers();
  }
  void pass(base::Duration time) {
    // Timers are looked at each millisecond.
    for (; time > base::Duration::zero(); time -= std::chrono::milliseconds(1)) {
      scheduler.run_until(scheduler.now() + std::chrono::milliseconds(1));
      if (!store->is_down()) run_timers();
    }
  }
  void end(Ending ending) {
    store->die(ending);
    engine.reset();
    timers.reset();
    store->judge();
  }

  Scheduler scheduler;
  SimClock clock{scheduler, {}};
  Notebook notebook;
  Quiet log;
  std::string wrong;
  std::unique_ptr<SimStore> store;
  std::unique_ptr<base::Timers> timers;
  std::unique_ptr<storage::Engine> engine;
  CommitNumber answered = 0;
  base::Status refused;

 private:
  void run_timers() {
    if (timers) timers->run_due();
  }
};

}  // namespace

TEST_SUITE_BEGIN("sim store");

TEST_CASE("a death keeps what was answered; it may keep more, and does now and then") {
  for (const EngineKind kind : {EngineKind::kLsm, EngineKind::kMap}) {
    std::set<CommitNumber> beyond;
    for (uint64_t seed = 0; seed < 30; ++seed) {
      Bench bench(kind, seed);
      bench.start();
      for (int i = 0; i < 6; ++i) {
        bench.put(i);
        bench.scheduler.run_until(bench.scheduler.now() + std::chrono::microseconds(120));
      }
      bench.end(Ending::kPowerCut);

      CHECK(bench.wrong == "");
      CHECK(bench.notebook.kept >= bench.answered);
      beyond.insert(bench.notebook.kept - bench.answered);
    }
    CHECK(beyond.size() > 1);
  }
}

TEST_CASE("the power goes at any operation, and the store comes back") {
  Bench bench(EngineKind::kLsm, 3);
  for (uint64_t operation = 1; operation < 60; ++operation) {
    bench.start();
    bench.store->cut_power_in(operation);
    for (int i = 0; i < 400 && !bench.store->is_down(); ++i) {
      bench.put(i);
      bench.pass(std::chrono::milliseconds(2));
    }
    INFO("operation ", operation, ", last refusal: ", bench.refused.to_string());
    REQUIRE(bench.store->is_down());
    bench.end(Ending::kPowerCut);
    REQUIRE(bench.wrong == "");
  }
}

TEST_CASE("a failing sync stops the store and keeps its promises") {
  Bench bench(EngineKind::kLsm, 8);
  bench.start();
  bench.store->ail(Ailment::kFailingSync);
  CHECK(bench.store->ailment() == Ailment::kFailingSync);
  for (int i = 0; i < 100; ++i) {
    bench.put(i);
    bench.pass(std::chrono::milliseconds(2));
  }
  CHECK(bench.answered < 100);

  bench.end(Ending::kPowerCut);
  bench.store->mend();
  bench.start();
  const CommitNumber before = bench.answered;
  bench.put(200);
  bench.pass(std::chrono::milliseconds(20));

  CHECK(bench.wrong == "");
  CHECK(bench.answered == before + 1);
}

TEST_CASE("a wiped store is empty") {
  for (const EngineKind kind : {EngineKind::kLsm, EngineKind::kMap}) {
    Bench bench(kind, 9);
    bench.start();
    bench.put(1);
    bench.pass(std::chrono::milliseconds(20));
    bench.end(Ending::kKilled);

    bench.store->wipe();
    bench.start();

    storage::EntryView found;
    CHECK(*bench.engine->try_get({storage::Space::kData, base::Token{1}, "key-1"},
                                 storage::Part::kAll, found) == storage::Lookup::kAbsent);
  }
}
TEST_SUITE_END();

}  // namespace distkv::sim
