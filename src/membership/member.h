// One row of the member table: who, where, and what is believed of it.
#pragma once

#include <compare>
#include <string>

#include "base/clock.h"
#include "base/types.h"
#include "wire/messages.h"

namespace distkv::membership {

using wire::Incarnation;
using wire::MemberState;

struct Member {
  base::NodeId id;
  base::Endpoint endpoint;  // Where it says it can be reached; versioned by its incarnation.
  MemberState state = MemberState::kAlive;
  Incarnation incarnation;
  base::WallTime last_seen{};  // When this node last had a sign of life of it, by its own clock.

  // Worth sending a request to now. A suspect is asked last, a dead one not at all.
  bool is_alive() const { return state == MemberState::kAlive; }
  bool is_reachable() const {
    return state == MemberState::kAlive || state == MemberState::kSuspect;
  }
};

}  // namespace distkv::membership
