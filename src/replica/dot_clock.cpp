#include "replica/dot_clock.h"

#include <algorithm>

#include "base/check.h"
#include "causality/horizon.h"

namespace distkv::replica {

causality::Dot DotClock::mint(const causality::Context& seen) {
  const uint64_t now = causality::counter_at(clock_.wall_now()).value();
  const uint64_t next = std::max({now, last_.value() + 1, seen.newest(actor_).value() + 1});
  DISTKV_CHECK(next > last_.value());
  last_ = base::Counter{next};
  return {actor_, last_};
}

void DotClock::raise(base::Counter floor) { last_ = std::max(last_, floor); }

}  // namespace distkv::replica
