#include "membership/packets.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::membership {

namespace {
// A first guess of how many rumours fit, so that encoding is rarely repeated: the envelope without
// its strings, and one update without its own.
constexpr size_t kEnvelopeBytes = 160;
constexpr size_t kUpdateBytes = 40;

size_t bytes_of(const Member& member) {
  return kUpdateBytes + member.id.value().size() + member.endpoint.value().size();
}
}  // namespace

Packets::Packets(std::string cluster_name, const Environment& environment, Table& table,
                 Rumours& rumours)
    : cluster_name_(std::move(cluster_name)),
      environment_(environment),
      table_(table),
      rumours_(rumours) {}

bool Packets::is_same_cluster(const wire::Gossip& packet) const {
  return packet.cluster_id == cluster_id_ && packet.cluster_name == cluster_name_;
}

void Packets::ping(const base::NodeId& to, uint64_t sequence) {
  send(to, {.kind = wire::GossipKind::kPing, .sequence = sequence, .target = to});
}

void Packets::send(const base::NodeId& to, const Letter& letter) {
  const Member* member = table_.find(to);
  if (member == nullptr) return;
  std::vector<base::NodeId> topics = choose_topics(*member, letter);
  std::string_view packet = encode(letter, topics);
  while (packet.size() > wire::kDatagramBytesMax && !topics.empty()) {
    topics.pop_back();
    packet = encode(letter, topics);
  }
  DISTKV_CHECK(packet.size() <= wire::kDatagramBytesMax);
  environment_.network.send_datagram(member->endpoint, packet);
  const uint32_t limit = tellings_max(table_.reachable_count());
  for (const base::NodeId& topic : topics) rumours_.note_told(topic, limit);
}

// What must be said comes first, then rumours while there is room.
std::vector<base::NodeId> Packets::choose_topics(const Member& to, const Letter& letter) const {
  std::vector<base::NodeId> topics;
  if (!to.is_alive() || letter.tells_recipient) topics.push_back(to.id);
  const bool is_relayed_ack =
      letter.kind == wire::GossipKind::kAck && !table_.is_self(letter.target);
  if (is_relayed_ack && table_.find(letter.target) != nullptr) topics.push_back(letter.target);

  size_t bytes = kEnvelopeBytes + cluster_name_.size() + bytes_of(table_.self()) +
                 letter.target.value().size() + letter.target_endpoint.value().size();
  for (const base::NodeId& topic : topics) bytes += bytes_of(*table_.find(topic));
  for (base::NodeId& rumour : rumours_.in_order()) {
    if (std::find(topics.begin(), topics.end(), rumour) != topics.end()) continue;
    bytes += bytes_of(*table_.find(rumour));
    if (bytes > wire::kDatagramBytesMax) break;
    topics.push_back(std::move(rumour));
  }
  return topics;
}

std::string_view Packets::encode(const Letter& letter, const std::vector<base::NodeId>& topics) {
  wire::Gossip gossip{.kind = letter.kind,
                      .sequence = letter.sequence,
                      .cluster_id = cluster_id_,
                      .cluster_name = cluster_name_,
                      .from = update_of(table_.self()),
                      .target = letter.target.value(),
                      .target_endpoint = letter.target_endpoint.value(),
                      .layout_version = layout_.version,
                      .is_settled = layout_.is_settled,
                      .members_digest = table_.digest(),
                      .updates = {}};
  // News of oneself is already in `from`.
  for (const base::NodeId& topic : topics) {
    if (!table_.is_self(topic)) gossip.updates.push_back(update_of(*table_.find(topic)));
  }
  return environment_.encoder.encode(gossip, base::RequestId{letter.sequence});
}

}  // namespace distkv::membership
