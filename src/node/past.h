// Asks the others, before a store is used again, whether they knew a later life of its node. A
// store that was restored from an older copy, or started twice from one, looks sound to itself: it
// would mint under an actor whose later dots it has forgotten, and each such mint would claim to
// have superseded them. Boot generations tell: every life raises its store's, and makes durable
// that it enters the cluster under it before it does, so what others know is at most what a store
// that went on has entered under. Starts that did not get so far, however many, change nothing of
// that.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/types.h"
#include "wire/rpc.h"

namespace distkv::node {

// How long a start waits for the others: many round trips, little beside a restart.
inline constexpr base::Duration kPastPatience = std::chrono::seconds(1);

// What the others said.
struct Past {
  bool is_certain = true;         // Each of them answered.
  uint64_t generation_known = 0;  // The highest anybody knew of this node; zero: nobody knew it.
  std::string alive_at;           // Where that life was, if it was believed alive; else empty.
};

// Asks each of `others`. `done` runs once, unless `rpc` goes first; at once if there is nobody.
void ask_past(wire::Rpc& rpc, const base::NodeId& self, const std::vector<base::Endpoint>& others,
              std::function<void(const Past&)> done);

}  // namespace distkv::node
