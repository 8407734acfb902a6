#include "node/founder.h"

#include <doctest/doctest.h>

#include <vector>

#include "ring/placement.h"
#include "support/hand_clock.h"
#include "support/silent_log.h"

namespace distkv::node {
namespace {

using base::NodeId;
using std::chrono::milliseconds;

ring::LayoutNode node(const std::string& id) { return {NodeId{id}, 150, "", ""}; }

// A founder whose publications are adopted at once, as a node does.
struct Fixture {
  Fixture() {
    layouts.current = std::make_shared<const ring::Layout>(
        *ring::found_layout({base::ClusterId{{1, 1}}, 16, 3, node("a")}));
  }
  void pass(milliseconds time) {
    clock.time += time;
    timers.run_due();
  }

  test::HandClock clock;
  test::SilentLog log;
  base::Timers timers{clock};
  ring::LiveLayouts layouts;
  int published = 0;
  Founder founder{layouts, timers, log, milliseconds(300), [this](ring::LiveLayouts next) {
                    ++published;
                    layouts = std::move(next);
                    founder.on_layouts_changed();
                  }};
};

TEST_SUITE_BEGIN("founder");

TEST_CASE("joiners that come within the settling time go into one change") {
  Fixture here;
  here.founder.on_joiner(node("b"));
  here.pass(milliseconds(100));
  here.founder.on_joiner(node("c"));
  CHECK(here.published == 0);

  here.pass(milliseconds(300));
  CHECK(here.published == 1);
  CHECK(here.layouts.current->nodes.size() == 3);
  CHECK_FALSE(here.layouts.is_settled());
}

TEST_CASE("a layout settles when every owner of the one before has reported") {
  Fixture here;
  here.founder.on_joiner(node("b"));
  here.pass(milliseconds(300));
  here.founder.on_transfer_done(base::LayoutVersion{2}, NodeId{"b"});
  CHECK_FALSE(here.layouts.is_settled());
  here.founder.on_transfer_done(base::LayoutVersion{2}, NodeId{"a"});
  CHECK(here.layouts.is_settled());
  CHECK(here.layouts.version() == base::LayoutVersion{2});
}

TEST_CASE("a report about another layout version counts for nothing") {
  Fixture here;
  here.founder.on_joiner(node("b"));
  here.pass(milliseconds(300));
  here.founder.on_transfer_done(base::LayoutVersion{1}, NodeId{"a"});
  CHECK_FALSE(here.layouts.is_settled());
}

TEST_CASE("a joiner that comes while partitions move waits for the layout to settle") {
  Fixture here;
  here.founder.on_joiner(node("b"));
  here.pass(milliseconds(300));
  here.founder.on_joiner(node("c"));
  here.pass(milliseconds(1000));
  CHECK(here.published == 1);

  here.founder.on_transfer_done(base::LayoutVersion{2}, NodeId{"a"});
  here.pass(milliseconds(300));
  CHECK(here.layouts.version() == base::LayoutVersion{3});
  CHECK(here.layouts.current->nodes.size() == 3);
}

TEST_CASE("a node that has a place is not admitted again") {
  Fixture here;
  here.founder.on_joiner(node("a"));
  here.pass(milliseconds(1000));
  CHECK(here.published == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::node
