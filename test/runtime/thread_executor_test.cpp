#include "runtime/thread_executor.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace distkv::runtime {
namespace {

constexpr base::Duration kSafety = std::chrono::seconds(60);

TEST_SUITE_BEGIN("thread executor");

TEST_CASE("one thread does and finishes items in the order they were given") {
  Loop loop;
  ThreadExecutor executor(loop, 1);
  std::vector<int> worked;  // The one thread's, until its `done` was posted.
  std::vector<int> done;
  for (int i = 0; i < 1000; ++i) {
    executor.run([&worked, i] { worked.push_back(i); }, [&done, i] { done.push_back(i); });
  }

  REQUIRE(loop.run_until([&] { return done.size() == 1000; }, kSafety));

  CHECK(worked == done);
  for (int i = 0; i < 1000; ++i) CHECK(done[static_cast<size_t>(i)] == i);
}

TEST_CASE("work runs on another thread and done on the loop's") {
  Loop loop;
  ThreadExecutor executor(loop, 1);
  const std::thread::id here = std::this_thread::get_id();
  std::thread::id worked_on = here;
  std::thread::id done_on;
  executor.run([&] { worked_on = std::this_thread::get_id(); },
               [&] { done_on = std::this_thread::get_id(); });

  REQUIRE(loop.run_until([&] { return done_on != std::thread::id(); }, kSafety));

  CHECK(worked_on != here);
  CHECK(done_on == here);
}

TEST_CASE("an item is posted when it is finished, not when its batch is") {
  Loop loop;
  ThreadExecutor executor(loop, 1);
  std::promise<void> gate;
  std::shared_future<void> opened = gate.get_future().share();
  int done = 0;
  executor.run([] {}, [&] { ++done; });
  executor.run([opened] { opened.wait(); }, [&] { ++done; });

  CHECK(loop.run_until([&] { return done == 1; }, kSafety));
  gate.set_value();
  CHECK(loop.run_until([&] { return done == 2; }, kSafety));
}

TEST_CASE("a slow item holds up one thread of a pool and no other") {
  Loop loop;
  ThreadExecutor executor(loop, 2);
  std::promise<void> gate;
  std::shared_future<void> opened = gate.get_future().share();
  int done = 0;
  executor.run([opened] { opened.wait(); }, [&] { ++done; });
  for (int i = 0; i < 50; ++i) executor.run([] {}, [&] { ++done; });

  CHECK(loop.run_until([&] { return done == 50; }, kSafety));
  gate.set_value();
  CHECK(loop.run_until([&] { return done == 51; }, kSafety));
}

TEST_CASE("stop finishes everything, also what a done starts") {
  Loop loop;
  ThreadExecutor executor(loop, 2);
  std::atomic<int> worked = 0;
  int done = 0;
  std::function<void()> again = [&] {
    if (++done < 100) executor.run([&] { ++worked; }, again);
  };
  executor.run([&] { ++worked; }, again);

  executor.stop();

  CHECK(done == 100);
  CHECK(worked == 100);
}

TEST_CASE("what work captured is gone before done runs") {
  Loop loop;
  ThreadExecutor executor(loop, 1);
  auto captured = std::make_shared<int>(1);
  std::weak_ptr<int> watch = captured;
  bool was_gone = false;
  bool has_run = false;
  executor.run([kept = std::move(captured)] { CHECK(*kept == 1); },
               [&] {
                 was_gone = watch.expired();
                 has_run = true;
               });

  REQUIRE(loop.run_until([&] { return has_run; }, kSafety));
  CHECK(was_gone);
}

TEST_CASE("a storm of items from many turns on several threads loses none") {
  constexpr int kItems = 20000;
  for (const size_t threads : {size_t{1}, size_t{4}}) {
    Loop loop;
    ThreadExecutor executor(loop, threads);
    std::atomic<int> worked = 0;
    int started = 0;
    int done = 0;
    std::function<void()> start = [&] {
      if (started == kItems) return;
      ++started;
      executor.run([&] { worked.fetch_add(1, std::memory_order_relaxed); },
                   [&] {
                     ++done;
                     start();
                   });
    };
    for (int i = 0; i < 64; ++i) start();

    REQUIRE(loop.run_until([&] { return done == kItems; }, kSafety));
    CHECK(worked == kItems);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::runtime
