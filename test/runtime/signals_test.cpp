#include "runtime/signals.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace distkv::runtime {
namespace {

TEST_SUITE_BEGIN("signals");

TEST_CASE("each signal reaches its own callback on the loop, each time") {
  Loop loop;
  Signals signals(loop);
  int terminated = 0;
  int reloaded = 0;
  signals.on(SIGTERM, [&] { ++terminated; });
  signals.on(SIGHUP, [&] { ++reloaded; });

  ::kill(::getpid(), SIGHUP);
  REQUIRE(loop.run_until([&] { return reloaded == 1; }, std::chrono::seconds(30)));
  CHECK(terminated == 0);
  ::kill(::getpid(), SIGTERM);
  CHECK(loop.run_until([&] { return terminated == 1; }, std::chrono::seconds(30)));
  ::kill(::getpid(), SIGHUP);
  CHECK(loop.run_until([&] { return reloaded == 2; }, std::chrono::seconds(30)));
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::runtime
