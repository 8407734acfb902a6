#include "sim/sim_disk.h"

#include <doctest/doctest.h>

#include <set>

namespace distkv::sim {

namespace {
struct Bench {
  explicit Bench(uint64_t seed) : disk(scheduler, base::Rng(seed), [](auto answer) { answer(); }) {}
  void append(int number) {
    storage::Write write{storage::Space::kData, base::Token{1}, "key-" + std::to_string(number),
                         storage::Entry{"meta", "value"}};
    disk.append({write}, [this, number](base::Status) { answered.push_back(number); });
  }
  Scheduler scheduler;
  SimDisk disk;
  std::vector<int> answered;
};
}  // namespace

TEST_SUITE_BEGIN("sim disk");

TEST_CASE("batches become durable in the order they were appended") {
  Bench bench(1);
  for (int i = 0; i < 20; ++i) bench.append(i);

  while (bench.scheduler.step()) {
  }

  CHECK(bench.answered.size() == 20);
  CHECK(std::is_sorted(bench.answered.begin(), bench.answered.end()));
  CHECK(bench.disk.contents().size() == 20);
}

TEST_CASE("what is appended during a sync waits for the next one") {
  Bench bench(2);
  bench.append(0);
  bench.append(1);

  bench.scheduler.step();

  CHECK(bench.answered == std::vector<int>{0});
  CHECK(bench.disk.pending() == 1);
}

TEST_CASE("a crash keeps everything answered and a prefix of the rest; every prefix happens") {
  std::set<size_t> kept;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Bench bench(seed);
    bench.append(0);
    while (bench.scheduler.step()) {
    }
    for (int i = 1; i < 5; ++i) bench.append(i);

    bench.disk.crash();

    const size_t survivors = bench.disk.contents().size();
    CHECK(survivors >= 1);
    for (size_t i = 0; i < survivors; ++i) {
      CHECK(bench.disk.contents()[i].key == "key-" + std::to_string(i));
    }
    while (bench.scheduler.step()) {
    }
    CHECK(bench.answered.size() == 1);
    kept.insert(survivors);
  }
  CHECK(kept == std::set<size_t>{1, 2, 3, 4, 5});
}

TEST_CASE("a wiped disk is empty") {
  Bench bench(3);
  bench.append(0);
  while (bench.scheduler.step()) {
  }
  bench.disk.crash();

  bench.disk.wipe();

  CHECK(bench.disk.contents().empty());
}
TEST_SUITE_END();

}  // namespace distkv::sim
