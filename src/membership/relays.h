// The helping side of an indirect probe: ping somebody for a member that cannot reach it, and carry
// the answer back (SWIM §3.1). What is not answered soon is forgotten without a word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "base/timers.h"
#include "membership/environment.h"
#include "membership/packets.h"
#include "membership/table.h"

namespace distkv::membership {

// Each is a few hundred bytes; a peer that asks for more than this at once is not probing.
inline constexpr size_t kRelaysMax = 1024;

class Relays {
 public:
  // References must outlive this.
  Relays(const Options& options, const Environment& environment, Packets& packets);
  Relays(const Relays&) = delete;
  Relays& operator=(const Relays&) = delete;
  ~Relays() { stop(); }

  // `requester` wants to know, under its own `sequence`, whether `target` lives. Ignored beyond
  // kRelaysMax.
  void begin(const base::NodeId& requester, uint64_t sequence, const base::NodeId& target);
  // `from` answered the ping `sequence`; carried on if that was a relayed one.
  void on_ack(const base::NodeId& from, uint64_t sequence);
  void stop();

 private:
  struct Relay {
    base::NodeId requester;
    uint64_t requester_sequence = 0;
    base::NodeId target;
    uint32_t pings = 0;
    base::TimerId timer;
  };
  void ping(uint64_t sequence);

  const base::Duration ping_interval_;
  Environment environment_;
  Packets& packets_;
  std::map<uint64_t, Relay> relays_;  // By this node's own sequence.
};

}  // namespace distkv::membership
