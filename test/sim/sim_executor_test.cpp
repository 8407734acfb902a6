#include "sim/sim_executor.h"

#include <doctest/doctest.h>

#include <string>

namespace distkv::sim {

namespace {
struct Bench {
  explicit Bench(size_t threads)
      : executor(scheduler, base::Rng(7), threads, [](const auto& event) { event(); }) {
    executor.set_delay({std::chrono::microseconds(1), std::chrono::microseconds(500)});
  }
  void run(char name) {
    executor.run([this, name] { told += name; }, [this, name] { told += std::string("!") + name; });
  }
  void finish() {
    while (scheduler.step()) {
    }
  }
  Scheduler scheduler;
  SimExecutor executor;
  std::string told;
};
}  // namespace

TEST_SUITE_BEGIN("sim executor");

TEST_CASE("one thread keeps the order of items and of their answers") {
  Bench bench(1);
  for (const char name : {'a', 'b', 'c'}) bench.run(name);

  CHECK(bench.told.empty());
  bench.finish();

  std::string items;
  std::string answers;
  for (size_t i = 0; i < bench.told.size(); ++i) {
    if (bench.told[i] == '!') {
      answers += bench.told[++i];
    } else {
      items += bench.told[i];
    }
  }
  CHECK(items == "abc");
  CHECK(answers == "abc");
}

TEST_CASE("several threads work at once, and may finish in any order") {
  bool is_overtaken = false;
  for (int attempt = 0; attempt < 20 && !is_overtaken; ++attempt) {
    Bench bench(3);
    for (int i = 0; i <= attempt; ++i) bench.run(static_cast<char>('a' + i));
    bench.finish();
    is_overtaken = bench.told.find('b') < bench.told.find('a');
  }
  CHECK(is_overtaken);
}

TEST_CASE("a program that died hears of nothing it asked for") {
  Bench bench(1);
  bench.run('a');
  bench.run('b');
  bench.executor.forget();
  bench.run('c');

  bench.finish();

  CHECK(bench.told == "c!c");
}
TEST_SUITE_END();

}  // namespace distkv::sim
