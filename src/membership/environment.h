// What membership is given by its host: settings, identity, the outside world, and whom to tell.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "base/types.h"
#include "membership/member.h"
#include "wire/messages.h"
#include "wire/network.h"
#include "wire/rpc.h"

namespace distkv::membership {

// Durations as the flags of distkv-server name them.
struct Options {
  base::Duration heartbeat_interval = std::chrono::milliseconds(500);  // Between probes.
  base::Duration gossip_interval = std::chrono::milliseconds(100);
  uint32_t gossip_fanout = 3;
  base::Duration suspect_timeout = std::chrono::milliseconds(1500);  // Probe failed → suspected.
  base::Duration dead_timeout = std::chrono::milliseconds(2000);  // Suspected → dead, at least.
};

// Told of what changed, after the table holds it. Must not call back into Membership but to read.
class Listener {
 public:
  virtual ~Listener() = default;
  // `member` is new, or its state or endpoint changed.
  virtual void on_member_changed(const Member& member) = 0;
  // A peer routes by another layout than `layout` was last set to, and a newer one.
  virtual void on_newer_layout(const Member& peer) = 0;
};

// What a node says of its layouts in every packet.
struct LayoutAdvert {
  base::LayoutVersion version;
  bool is_settled = true;
};

struct Self {
  base::NodeId id;
  base::Endpoint endpoint;  // As advertised.
  uint64_t generation = 0;  // Boot count of this data directory, persisted before start.
  std::string cluster_name;
};

// Everything it needs of its host; all outlive it.
struct Environment {
  wire::Network& network;
  wire::Rpc& rpc;
  wire::Encoder& encoder;
  base::Timers& timers;
  const base::Clock& clock;
  base::Log& log;
};

}  // namespace distkv::membership
