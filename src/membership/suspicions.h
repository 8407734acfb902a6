// The time a suspected member has to speak up (SWIM §4.2). Until it is over the accused is pinged,
// each ping naming the accusation, so that a lost refutation is asked for again.
#pragma once

#include <functional>
#include <map>

#include "base/rng.h"
#include "base/timers.h"
#include "membership/environment.h"
#include "membership/packets.h"
#include "membership/table.h"

namespace distkv::membership {

class Suspicions {
 public:
  using OnDeath = std::function<void(const base::NodeId&)>;

  // References must outlive this. `on_death` runs when the time of an accused is over.
  Suspicions(const Options& options, const Environment& environment, Table& table, Packets& packets,
             base::Rng rng, OnDeath on_death);
  Suspicions(const Suspicions&) = delete;
  Suspicions& operator=(const Suspicions&) = delete;
  ~Suspicions() { stop(); }

  // `is_own`: this node's probe failed, rather than that it was told so. Begins anew if known.
  void begin(const base::NodeId& id, bool is_own);
  void end(const base::NodeId& id);
  void stop();

 private:
  struct Suspicion {
    base::MonotonicTime since;
    base::TimerId deadline;
    base::TimerId ping;
  };
  base::Duration patience() const;
  void conclude(const base::NodeId& id);
  void ping(const base::NodeId& id);

  const Options options_;
  Environment environment_;
  Table& table_;
  Packets& packets_;
  base::Rng rng_;
  OnDeath on_death_;
  std::map<base::NodeId, Suspicion> suspicions_;
};

}  // namespace distkv::membership
