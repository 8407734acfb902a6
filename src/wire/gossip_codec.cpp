// What travels in datagrams.
#include <string_view>

#include "wire/gossip_generated.h"
#include "wire/member_codec.h"

namespace distkv::wire {

template <>
struct TableOf<Gossip> {
  using Type = fb::Gossip;
};

std::string_view Encoder::encode(const Gossip& message, base::RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset cluster_name = builder.text(message.cluster_name);
  const MemberOffset from = encode_member(builder, message.from);
  const TextOffset target = builder.text(message.target);
  const TextOffset target_endpoint = builder.text(message.target_endpoint);
  const auto updates = builder.tables<fb::MemberUpdate>(message.updates, encode_member);
  const fb::Id128 cluster_id(message.cluster_id.value().high, message.cluster_id.value().low);
  const auto root = fb::CreateGossip(builder.flat, static_cast<uint8_t>(message.kind),
                                     message.sequence, &cluster_id, cluster_name, from, target,
                                     target_endpoint, message.layout_version.value(),
                                     message.is_settled, message.members_digest, updates);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::Gossip& table, Gossip& out, Checks& checks) {
  out.kind = checks.enumeration(table.kind(), GossipKind::kPing, GossipKind::kRumour, "kind");
  out.sequence = table.sequence();
  if (table.cluster_id() != nullptr) {
    out.cluster_id = base::ClusterId({table.cluster_id()->high(), table.cluster_id()->low()});
  }
  out.cluster_name = checks.cluster_name(view(table.cluster_name()));
  out.from = read_member(table.from(), "from", checks);
  out.target = checks.optional_node_id(view(table.target()), "target");
  out.target_endpoint = checks.optional_endpoint(view(table.target_endpoint()), "target_endpoint");
  const bool names_third = out.kind == GossipKind::kPingRequest;
  checks.require(!names_third || !out.target.empty(), "target", "of a ping request is empty");
  checks.require(!names_third || !out.target_endpoint.empty(), "target_endpoint",
                 "of a ping request is empty");
  out.layout_version = base::LayoutVersion(table.layout_version());
  out.is_settled = table.is_settled();
  out.members_digest = table.members_digest();
  read_members(table.updates(), kGossipUpdatesMax, "updates", out.updates, checks);
}

template base::Result<Gossip> decode(const FrameView&);

}  // namespace distkv::wire
