// Who is up: SWIM (Das, Gupta, Motivala 2002) with Lifeguard's lessons (Dadgar et al. 2018), as one
// deterministic state machine. It sends gossip datagrams and pulls member tables over streams; it
// never decides who owns what.
//
// Invariants: of one member only a greater incarnation, or at the same incarnation a worse state,
// replaces what is believed (alive < suspect < dead; left is final for its generation). Only the
// accused refutes, by raising its own incarnation. A dead member is probed for ever, now and then,
// so that a healed partition heals the cluster.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/timers.h"
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

class Membership {
 public:
  Membership(Self self, const Options& options, const Environment& environment, base::Rng rng,
             Listener& listener);
  ~Membership();

  // Begins to probe and gossip. Until then it only answers table questions.
  void start(base::ClusterId cluster_id);
  // Tells the others "left" and stops: leaving is not failing. Packets are sent at once.
  void leave();
  // Stops without a word.
  void stop();

  // Takes in what somebody says of a member, by the rules above.
  void learn(const wire::MemberUpdate& update);
  // Any authenticated frame of a peer is a sign of life.
  void heard_from(const base::NodeId& id);
  void set_layout(const LayoutAdvert& layout);

  // A gossip packet that parsed. One of another cluster is dropped and logged (rate-limited).
  void on_gossip(const base::Endpoint& from, const wire::Gossip& packet);
  // The whole table, self included, ascending by id. Views into the table: use before it changes.
  std::vector<wire::MemberUpdate> updates() const;

  const std::map<base::NodeId, Member>& members() const;
  // Null if never heard of.
  const Member* find(const base::NodeId& id) const;
  const Member& self() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace distkv::membership
