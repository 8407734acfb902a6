#include "storage/durability_gate.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace distkv::storage {
namespace {

using Events = std::vector<std::string>;

Done note(Events& events, const std::string& event) {
  return [&events, event](const base::Status& status) {
    events.push_back(event + " " + std::string(base::name_of(status.code())));
  };
}

TEST_SUITE_BEGIN("durability gate");

TEST_CASE("waiters are told in the order of what they wait for") {
  DurabilityGate gate;
  Events events;
  const Sequence first = gate.next();
  const Sequence second = gate.next();
  gate.wait(second, note(events, "second"));
  gate.wait(first, note(events, "first"));
  gate.wait(Sequence{}, note(events, "nothing"));

  gate.advance(first);
  CHECK(events == Events{"nothing ok", "first ok"});
  gate.advance(second);
  CHECK(events == Events{"nothing ok", "first ok", "second ok"});
}

TEST_CASE("a failure is told to all who wait and to all who come") {
  DurabilityGate gate;
  Events events;
  gate.wait(gate.next(), note(events, "before"));
  gate.fail({base::Code::kIo, "sync"});
  gate.fail({base::Code::kNoSpace, "later"});
  gate.wait(Sequence{}, note(events, "after"));
  CHECK(events == Events{"before input/output error", "after input/output error"});
}

TEST_CASE("nobody is told anything while the gate is held") {
  DurabilityGate gate;
  Events events;
  const Sequence first = gate.next();
  gate.hold();
  gate.wait(first, note(events, "first"));
  gate.advance(first);
  CHECK(events.empty());
  gate.release();
  gate.deliver();
  CHECK(events == Events{"first ok"});
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage
