// Mints the dots of this store: one actor, and a hybrid logical clock that never gives the same
// counter twice.
//
// An actor is a store's life, not a node: it is drawn anew whenever the store was not closed
// cleanly, since records it had already sent may then be missing from it, and a mint that has not
// seen the actor's own earlier dots would claim to have (src/README.md, decisions). Counters hold
// 48 bits of wall-clock milliseconds and 16 of count (Kulkarni et al., "Logical Physical Clocks",
// 2014); the wall clock only makes them comparable between actors by eye, never decides causality.
#pragma once

#include "base/clock.h"
#include "base/types.h"
#include "causality/record.h"

namespace distkv::replica {

class DotClock {
 public:
  // Counters start above `floor`.
  DotClock(base::ActorId actor, base::Counter floor, const base::Clock& clock)
      : actor_(actor), last_(floor), clock_(clock) {}

  // A dot newer than everything of this actor in `seen`, and than every dot minted before.
  causality::Dot mint(const causality::Context& seen);

  // From now on every dot is above `floor`.
  void raise(base::Counter floor);

  base::ActorId actor() const { return actor_; }
  base::Counter last() const { return last_; }

 private:
  base::ActorId actor_;
  base::Counter last_;
  const base::Clock& clock_;
};

}  // namespace distkv::replica
