// Writes and sends every gossip packet: who speaks, of which cluster and layout, and as many
// rumours as fit.
//
// Invariants: no packet is over wire::kDatagramBytesMax. Whoever is believed suspect, dead or gone
// is told so first of all in every packet sent to it, so that it can refute.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.h"
#include "membership/environment.h"
#include "membership/rumours.h"
#include "membership/table.h"
#include "wire/messages.h"
#include "wire/network.h"

namespace distkv::membership {

// What distinguishes one packet from the next.
struct Letter {
  wire::GossipKind kind = wire::GossipKind::kRumour;
  uint64_t sequence = 0;
  base::NodeId target;             // As wire::Gossip; empty for a rumour.
  base::Endpoint target_endpoint;  // For a ping request.
  bool tells_recipient = false;    // Say what is believed of the recipient even if it is good.
};

class Packets {
 public:
  // All must outlive this.
  Packets(std::string cluster_name, const Environment& environment, Table& table, Rumours& rumours);

  void set_cluster(base::ClusterId id) { cluster_id_ = id; }
  void set_layout(const LayoutAdvert& layout) { layout_ = layout; }
  const LayoutAdvert& layout() const { return layout_; }
  bool is_same_cluster(const wire::Gossip& packet) const;
  uint64_t next_sequence() { return ++last_sequence_; }

  // Sends one packet to a member of the table; no effect if it is not one.
  void send(const base::NodeId& to, const Letter& letter);
  void ping(const base::NodeId& to, uint64_t sequence);

 private:
  std::vector<base::NodeId> choose_topics(const Member& to, const Letter& letter) const;
  std::string_view encode(const Letter& letter, const std::vector<base::NodeId>& topics);

  const std::string cluster_name_;
  Environment environment_;
  Table& table_;
  Rumours& rumours_;
  base::ClusterId cluster_id_;
  LayoutAdvert layout_;
  uint64_t last_sequence_ = 0;
};

}  // namespace distkv::membership
