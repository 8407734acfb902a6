// Who owns what: one immutable, versioned document. Every node routes by the layouts that are live;
// a new one is published whole, never edited.
//
// The ring is divided into `partition_count` = 2^k equal partitions; a token's high bits name its
// partition. For each partition the layout lists its replicas, best first: Dynamo's preference
// list (§4.3, strategy 3 of §6.2).
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace distkv::ring {

inline constexpr uint32_t kPartitionsMin = 1;
inline constexpr uint32_t kPartitionsMax = 16384;  // A partition is never finer than a Redis slot.
inline constexpr uint32_t kNodesMax = 1000;        // What the gossip targets are stated for.
inline constexpr uint32_t kReplicasMax = 7;        // More copies than anyone keeps of one record.
inline constexpr uint32_t kWeightMax = 10000;      // Virtual nodes of one node.
inline constexpr uint32_t kVotersMax = 5;          // Tolerates two losses; more only slow a change.
inline constexpr size_t kRackBytesMax = 64;        // As a node's id; of a rack's or a zone's name.
// No encoded layout is longer: the largest table (229 KiB) and nodes (194 KiB), rounded up.
inline constexpr size_t kLayoutBytesMax = 512 * 1024;

// A node's place in Layout::nodes. Only means something together with its layout.
using NodeIndex = uint16_t;

struct LayoutNode {
  base::NodeId id;
  uint32_t weight = 150;  // Virtual nodes: its share of the ring relative to the others'.
  std::string rack;       // Named within its zone. Empty: a rack of its own.
  std::string zone;       // Printable like the rack, and possibly empty.
  friend bool operator==(const LayoutNode&, const LayoutNode&) = default;
};

// The partition a token lies in, of so many: a power of two.
base::PartitionId partition_of(base::Token token, uint32_t partition_count);

struct Layout {
  base::LayoutVersion version;   // 1 for the founder's first; each next one is one more.
  base::Id128 predecessor_hash;  // hash_of the version before; zero for the first.
  base::ClusterId cluster_id;
  uint32_t partition_count = 1024;  // Power of two, fixed when the cluster is founded.
  uint32_t replica_count = 3;       // N as configured.
  std::vector<LayoutNode> nodes;    // Ascending by id.
  // Who may publish the next: 1 to kVotersMax of the nodes, ascending. The founder alone for now.
  std::vector<base::NodeId> voters;
  std::vector<NodeIndex> replicas;  // partition_count rows of replicas_per_partition().

  // N, or the number of nodes while that is smaller. Never "nodes that happen to be alive".
  uint32_t replicas_per_partition() const;
  base::PartitionId partition_of(base::Token token) const;
  // First and last token of a partition, both included.
  base::Token first_token(base::PartitionId partition) const;
  base::Token last_token(base::PartitionId partition) const;
  // The preference list of a partition, best first.
  std::span<const NodeIndex> replicas_of(base::PartitionId partition) const;
  const LayoutNode& node(NodeIndex index) const { return nodes[index]; }
  std::optional<NodeIndex> index_of(const base::NodeId& id) const;
  bool is_replica(base::PartitionId partition, const base::NodeId& id) const;
  friend bool operator==(const Layout&, const Layout&) = default;
};

// kOk, or kInvalidArgument naming the first rule above that a node of the list breaks: its id, its
// weight, its names, how many there are, ascending order.
base::Status check_nodes(std::span<const LayoutNode> nodes);
// Likewise for every rule of a whole layout: sizes, order, power of two, replicas unknown or
// repeated in a row.
base::Status check_layout(const Layout& layout);

// The canonical bytes of a layout (FORMAT.md in this folder), and back. Encoding writes what it is
// given; decoding answers kCorrupt for anything that check_layout refuses or that is not canonical.
std::string encode_layout(const Layout& layout);
base::Result<Layout> decode_layout(std::string_view bytes);
// hash128 of the canonical bytes; what the next version carries as predecessor_hash.
base::Id128 hash_of(const Layout& layout);

// What a node routes by. While partitions move, the version before is live too: writes need their
// quorum in both, reads ask both, until every copy is proved to have moved; then `previous` goes.
// Ordered by (version, settled before unsettled is older): a node adopts only what is newer.
struct LiveLayouts {
  std::shared_ptr<const Layout> current;   // Null: not in a cluster yet.
  std::shared_ptr<const Layout> previous;  // Null: settled.

  base::LayoutVersion version() const { return current ? current->version : base::LayoutVersion{}; }
  bool is_settled() const { return previous == nullptr; }
  bool is_newer_than(const LiveLayouts& other) const {
    if (version() != other.version()) return version() > other.version();
    return is_settled() && !other.is_settled();
  }
};

// Layouts of one cluster where `previous`, if any, is exactly the one that `current` names as its
// predecessor; kCorrupt otherwise.
std::string encode_live_layouts(const LiveLayouts& layouts);
base::Result<LiveLayouts> decode_live_layouts(std::string_view bytes);

}  // namespace distkv::ring
