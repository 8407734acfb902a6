#include "repair/hint_sweep.h"

#include <doctest/doctest.h>

#include "support/hint_bench.h"

namespace distkv::repair {
namespace {

using base::Code;
using base::NodeId;
using std::chrono::hours;
using std::chrono::seconds;
using wire::MemberState;

struct Fixture : HintBench {
  explicit Fixture(const replica::HintLimits& limits = {}) : HintBench(limits) {}
  bool has(const std::string& key) {
    bool is_there = false;
    local.read({key, ring::token_of(key)}, [&](const base::Result<replica::RecordView>& record) {
      is_there = record.is_ok() && !record->is_absent();
    });
    return is_there;
  }
  HintSweep sweep{host};
};

TEST_SUITE_BEGIN("hint sweep");

TEST_CASE("hints that are too old are dropped, whether their target is up, down or gone") {
  Fixture here({1 << 20, hours(3)});
  here.set_state("b", MemberState::kDead);
  for (int i = 0; i < 300; ++i) here.keep("b", "old-" + std::to_string(i));
  here.keep("a", "old");
  here.keep("stranger", "old");
  here.clock.time += hours(2);
  here.keep("b", "young");
  here.clock.time += hours(1);

  here.sweep.start();
  here.run(seconds(1));

  CHECK(here.hints.ledger().pending() == 1);
  CHECK(here.pending("b") == 1);
  CHECK(here.dropped.size() == 302);
  CHECK(here.sent == 0);
}

TEST_CASE("a hint whose target is no replica any more goes to those that are, then is forgotten") {
  Fixture here;
  here.set_state("a", MemberState::kDead);
  here.keep("a", "k1");
  here.keep("a", "k2");
  here.set_layout(2, {"self", "b", "c"});
  here.sweep.start();
  here.step();
  REQUIRE(here.on_the_way_to("b") == 1);
  REQUIRE(here.on_the_way_to("c") == 1);
  CHECK(here.on_the_way[0].layout == base::LayoutVersion{2});
  CHECK(here.has("k1"));

  here.answer("b");
  here.step();
  CHECK(here.pending("a") == 2);
  here.answer("c");
  CHECK(here.pending("a") == 1);

  here.willing = {{"b", Code::kOk}, {"c", Code::kOk}};
  here.step();
  CHECK(here.pending("a") == 0);
  CHECK(here.taken["b"] == std::vector<std::string>{"k1", "k2"});
  CHECK(here.dropped.empty());
}

TEST_CASE("while partitions move it goes to the replicas of both layouts") {
  Fixture here;
  here.keep("c", "k", 1, 0);
  here.layouts.previous = here.layouts.current;
  here.set_layout(2, {"self", "b", "d"});
  here.set_state("d", MemberState::kAlive);
  here.willing = {{"a", Code::kOk}, {"b", Code::kOk}, {"d", Code::kOk}};
  here.sweep.start();
  here.step();
  CHECK(here.taken.size() == 3);
  CHECK(here.pending("c") == 0);
}

TEST_CASE("it stays as long as one of them has not taken it, and goes again with the next sweep") {
  Fixture here;
  here.keep("a", "k1");
  here.keep("a", "k2");
  here.set_layout(2, {"self", "b", "c"});
  here.set_state("c", MemberState::kLeft);
  here.willing = {{"b", Code::kOk}, {"c", Code::kOk}};
  here.sweep.start();
  here.run(kHintSweepInterval / 2);
  CHECK(here.pending("a") == 2);
  CHECK(here.sent == 1);

  here.set_state("c", MemberState::kAlive);
  here.run(kHintSweepInterval);
  CHECK(here.pending("a") == 0);
}

TEST_CASE("a replica that refuses it as stale has a newer layout to fetch") {
  Fixture here;
  here.keep("a", "k");
  here.set_layout(2, {"self", "b"});
  here.willing = {{"b", Code::kStaleLayout}};
  here.sweep.start();
  here.step();
  CHECK(here.stale == std::vector<std::string>{"b"});
  CHECK(here.pending("a") == 1);
}

TEST_CASE("a hint made under a layout not known here yet is not judged") {
  Fixture here;
  here.keep("c", "k", 1, 2);
  here.sweep.start();
  here.run(seconds(30));
  CHECK(here.sent == 0);
  CHECK(here.pending("c") == 1);
}

TEST_CASE("a sweep notes how old the oldest hint of each target is") {
  Fixture here;
  here.keep("a", "k1");
  here.clock.time += hours(1);
  const base::WallTime later = here.hints.now();
  here.keep("a", "k2");
  here.hints.list(NodeId{"a"}, std::nullopt, {1, 1}, [&](const auto& page) {
    here.hints.remove(NodeId{"a"}, page->front(), [](const base::Status&) {});
  });
  CHECK(here.hints.ledger().total().oldest < later);

  here.sweep.start();
  here.step();

  CHECK(here.hints.ledger().total().oldest == later);
}

TEST_CASE("nothing happens after a stop") {
  Fixture here;
  here.keep("a", "k");
  here.set_layout(2, {"self", "b", "c"});
  here.sweep.start();
  here.step();
  here.sweep.stop();
  here.answer("b");
  here.answer("c");
  here.run(seconds(30));
  CHECK(here.pending("a") == 1);
  CHECK(here.sent == 2);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::repair
