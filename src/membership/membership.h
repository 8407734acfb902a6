// Who is up: SWIM (Das, Gupta, Motivala 2002) with Lifeguard's lessons (Dadgar et al. 2018), as one
// deterministic state machine. It sends gossip datagrams and pulls member tables over streams; it
// never decides who owns what.
//
// Invariants: of one member only a greater incarnation, or at the same incarnation a worse state,
// replaces what is believed (alive < suspect < dead; left is final for its generation). Only the
// accused refutes, by raising its own incarnation. A dead member is probed for ever, now and then,
// so that a healed partition heals the cluster.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "base/timers.h"
#include "membership/environment.h"
#include "membership/exchange.h"
#include "membership/member.h"
#include "membership/packets.h"
#include "membership/prober.h"
#include "membership/relays.h"
#include "membership/rumours.h"
#include "membership/suspicions.h"
#include "membership/table.h"
#include "membership/warnings.h"
#include "wire/messages.h"

namespace distkv::membership {

class Membership {
 public:
  Membership(Self self, const Options& options, const Environment& environment, base::Rng rng,
             Listener& listener);
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  ~Membership() { stop(); }

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

  const std::map<base::NodeId, Member>& members() const { return table_.members(); }
  // Null if never heard of.
  const Member* find(const base::NodeId& id) const { return table_.find(id); }
  const Member& self() const { return table_.self(); }

 private:
  void heartbeat();
  void schedule_heartbeat();
  void wake_gossip();
  void gossip_round();
  void spread_self();
  void learn_of_self(const wire::MemberUpdate& claim);
  void refute(const wire::MemberUpdate& claim);
  void take(const base::NodeId& id, const wire::MemberUpdate& update, bool is_own_suspicion);
  void accuse(const base::NodeId& id, MemberState state);
  void report(const Member& member);
  void warn_of_duplicate(const Member& known, const wire::MemberUpdate& claim);
  void answer(const base::NodeId& sender, const wire::Gossip& packet);
  void on_ack(const base::NodeId& sender, const wire::Gossip& packet);
  void compare_layout(const base::NodeId& sender, const wire::Gossip& packet);

  const Options options_;
  Environment environment_;
  Listener& listener_;
  base::Rng rng_;
  Table table_;
  Rumours rumours_;
  Packets packets_;
  Prober prober_;
  Relays relays_;
  Suspicions suspicions_;
  Exchange exchange_;
  Warnings warnings_;

  bool is_started_ = false;
  bool must_answer_accuser_ = false;  // Set while a packet that spoke ill of this node is read.
  base::TimerId heartbeat_timer_;
  base::TimerId gossip_timer_;
  std::optional<base::MonotonicTime> last_round_;
  std::optional<base::MonotonicTime> last_layout_call_;
};

}  // namespace distkv::membership
