// Failure detection: who is watched, how somebody silent is asked for a sign of life, and when to
// give up (after SWIM §3.1).
//
// The living stand in a ring by id. Each sends a heartbeat to the next, unasked and unanswered, so
// that a quiet cluster costs little; who misses the one before it probes it. Besides, each node
// probes everybody in random order: slowly while all is well, at every heartbeat while anybody is
// suspected, so that the loss of many at once is found as fast as that of one.
//
// A probe is three spaced pings, then the same question through other members, then once more
// through others still. Any sign of life ends it well; silence ends it with one call to
// `on_failed`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "base/rng.h"
#include "base/timers.h"
#include "membership/environment.h"
#include "membership/packets.h"
#include "membership/table.h"

namespace distkv::membership {

class Prober {
 public:
  using OnFailed = std::function<void(const base::NodeId&)>;

  // References must outlive this.
  Prober(const Options& options, const Environment& environment, Table& table, Packets& packets,
         base::Rng rng, OnFailed on_failed);
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;
  ~Prober() { stop(); }

  // One heartbeat: sends it, and begins the probes that are due.
  void tick();
  // `id` gave a sign of life, or is believed down already: its probe has ended.
  void forget(const base::NodeId& id);
  // True if `sequence` is that of the probe of `id` under way.
  bool is_waiting(const base::NodeId& id, uint64_t sequence) const;
  void stop();

 private:
  struct Probe {
    uint64_t sequence = 0;
    size_t stage = 0;  // Of kStages; the next to come.
    base::TimerId timer;
    std::vector<base::NodeId> asked;  // Members that were asked to try.
  };

  void begin(const base::NodeId& id);
  void step(const base::NodeId& id);
  void conclude(const base::NodeId& id, Probe& probe);
  void ask_others(const base::NodeId& id, Probe& probe);
  void wait(const base::NodeId& id, Probe& probe, base::Duration delay);
  void send_heartbeat();
  void watch_predecessor();
  base::NodeId next_in_round();
  void ping_somebody_dead();

  const Options options_;
  Environment environment_;
  Table& table_;
  Packets& packets_;
  base::Rng rng_;
  OnFailed on_failed_;
  uint64_t ticks_ = 0;
  std::vector<base::NodeId> round_;  // Still to be probed in this round, last first.
  std::map<base::NodeId, Probe> probes_;
};

}  // namespace distkv::membership
