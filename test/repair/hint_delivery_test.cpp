#include "repair/hint_delivery.h"

#include <doctest/doctest.h>

#include "support/hint_bench.h"

namespace distkv::repair {
namespace {

using base::Code;
using base::NodeId;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::MemberState;

struct Fixture : HintBench {
  HintDelivery delivery{host};
};

TEST_SUITE_BEGIN("hint delivery");

TEST_CASE("a hint goes to its target once that is alive, and is forgotten once it was taken") {
  Fixture here;
  here.set_state("a", MemberState::kDead);
  here.keep("a", "k");
  here.delivery.start();
  here.run(seconds(5));
  CHECK(here.on_the_way.empty());

  here.set_state("a", MemberState::kAlive);
  here.delivery.wake(NodeId{"a"});
  here.step();
  REQUIRE(here.on_the_way_to("a") == 1);
  CHECK(here.on_the_way[0].key == "k");
  CHECK(here.on_the_way[0].layout == base::LayoutVersion{1});
  CHECK(here.pending("a") == 1);

  here.answer("a");
  CHECK(here.pending("a") == 0);
}

TEST_CASE("a target has one page on the way at a time") {
  Fixture here;
  here.keep_many("a", 2 * kHintPage.hints + 1);
  here.delivery.start();
  here.step();
  CHECK(here.on_the_way_to("a") == kHintPage.hints);

  here.answer("a", Code::kOk, kHintPage.hints - 1);
  here.step();
  CHECK(here.on_the_way_to("a") == 1);
  here.answer("a");
  here.step();
  CHECK(here.on_the_way_to("a") == kHintPage.hints);
  here.answer("a");
  here.step();
  here.answer("a");
  CHECK(here.pending("a") == 0);
}

TEST_CASE("a page of large records ends at its bytes") {
  Fixture here;
  here.keep_many("a", 10, 300 << 10);
  here.delivery.start();
  here.step();
  CHECK(here.on_the_way_to("a") == 4);
}

TEST_CASE("all targets together have a bounded number of bytes on the way, each its turn") {
  Fixture here;
  std::vector<std::string> targets = {"self"};
  for (char c = 'a'; c < 'a' + 24; ++c) targets.emplace_back(1, c);
  here.set_layout(1, targets);
  targets.erase(targets.begin());
  for (const std::string& target : targets) {
    here.set_state(target, MemberState::kAlive);
    here.keep_many(target, 3, 1 << 20);
    here.willing[target] = Code::kOk;
  }
  here.willing["a"] = Code::kTimedOut;
  const auto willing = std::exchange(here.willing, {});

  here.delivery.start();
  here.step();
  CHECK(here.bytes_on_the_way() <= kHintBytesInFlight);
  CHECK(here.bytes_on_the_way() > kHintBytesInFlight / 2);

  here.willing = willing;
  here.run(seconds(1));
  for (const std::string& target : targets) CHECK(here.pending(target) == (target == "a" ? 3 : 0));
}

TEST_CASE("a slow target holds up no other") {
  Fixture here;
  here.keep_many("a", 300);
  here.keep_many("b", 300);
  here.willing["b"] = Code::kOk;
  here.delivery.start();
  here.step();
  CHECK(here.pending("b") == 0);
  CHECK(here.pending("a") == 300);
  CHECK(here.on_the_way_to("a") == kHintPage.hints);
}

TEST_CASE("a pass ends at its first failure, and the next waits twice as long, to a bound") {
  for (const Code code : {Code::kOverloaded, Code::kIo, Code::kTimedOut}) {
    Fixture here;
    here.keep("a", "k");
    here.willing["a"] = code;
    here.delivery.start();
    std::vector<int64_t> tries;
    for (int64_t tenth = 0; tenth < 700; ++tenth) {
      const size_t before = here.sent;
      here.step();
      if (here.sent > before) tries.push_back(tenth / 10);
      here.clock.time += milliseconds(100);
    }
    CHECK(tries == std::vector<int64_t>{0, 1, 3, 7, 15, 31, 47, 63});
    CHECK(here.pending("a") == 1);
  }
}

TEST_CASE("a target that comes alive ends the wait at once, and a success forgets it") {
  Fixture here;
  here.keep("a", "k");
  here.willing["a"] = Code::kOverloaded;
  here.delivery.start();
  here.run(seconds(20));
  CHECK(here.pending("a") == 1);

  here.willing["a"] = Code::kOk;
  here.delivery.wake(NodeId{"a"});
  here.step();
  CHECK(here.pending("a") == 0);

  here.keep("a", "k2");
  here.run(kHintPassInterval);
  CHECK(here.pending("a") == 0);
}

TEST_CASE("a failure of one record keeps that one alone") {
  Fixture here;
  here.keep_many("a", 3);
  here.delivery.start();
  here.step();
  here.answer("a", Code::kOk, 1);
  here.answer("a", Code::kIo, 1);
  here.answer("a", Code::kOk, 1);
  CHECK(here.pending("a") == 1);
}

TEST_CASE("a busy target that takes one of a page at a time gets the rest soon, not ever later") {
  Fixture here;
  here.keep_many("a", 6);
  here.delivery.start();
  here.step();
  for (size_t left = 6; left > 0; --left) {
    REQUIRE(here.pending("a") == left);
    here.answer("a", Code::kOk, 1);
    here.answer("a", Code::kOverloaded);
    here.run(kHintRetryMin);
  }
  CHECK(here.pending("a") == 0);
}

TEST_CASE("a refusal as stale fetches the newer layout, and the hint goes again under that") {
  Fixture here;
  here.keep("a", "k");
  here.willing["a"] = Code::kStaleLayout;
  here.delivery.start();
  here.step();
  CHECK(here.stale == std::vector<std::string>{"a"});

  here.set_layout(2, {"self", "a", "b"});
  here.willing.clear();
  here.run(kHintRetryMin);
  REQUIRE(here.on_the_way_to("a") == 1);
  CHECK(here.on_the_way[0].layout == base::LayoutVersion{2});
}

TEST_CASE("while the store is pressed a target gets a page a second") {
  Fixture here;
  here.keep_many("a", 3 * kHintPage.hints);
  here.willing["a"] = Code::kOk;
  here.engine.now = 0.6;
  here.delivery.start();
  here.step();
  CHECK(here.pending("a") == 2 * kHintPage.hints);
  here.run(kHintPassInterval - milliseconds(20));
  CHECK(here.pending("a") == 2 * kHintPage.hints);
  here.run(milliseconds(20));
  CHECK(here.pending("a") == kHintPage.hints);

  here.engine.now = 0.5;
  here.run(kHintPassInterval);
  CHECK(here.pending("a") == 0);
}

TEST_CASE("a hint whose target is no replica any more is left alone") {
  Fixture here;
  here.keep("a", "k");
  here.set_layout(2, {"self", "b", "c"});
  here.delivery.start();
  here.run(seconds(3));
  CHECK(here.sent == 0);
  CHECK(here.pending("a") == 1);
}

TEST_CASE("a target with nothing but such hints is not looked through again and again") {
  Fixture here;
  here.keep_many("a", 200);
  here.set_layout(2, {"self", "b", "c"});
  here.delivery.start();
  const uint64_t before = here.engine.scans;
  here.run(seconds(70));
  // Eight passes (0, 1, 3, 7, 15, 31, 47 and 63 s) of four pages and the end each.
  CHECK(here.engine.scans - before == 8 * 5);
}

TEST_CASE("a hint made under a layout not known here yet goes to its target") {
  Fixture here;
  here.keep("c", "k", 1, 2);
  here.delivery.start();
  here.step();
  CHECK(here.on_the_way_to("c") == 1);
}

TEST_CASE("nothing is sent after a stop, and what was on the way may still be taken") {
  Fixture here;
  here.keep_many("a", 100);
  here.delivery.start();
  here.step();
  here.delivery.stop();
  here.answer("a");
  here.run(seconds(5));
  CHECK(here.sent == kHintPage.hints);
  CHECK(here.pending("a") == 100 - kHintPage.hints);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::repair
