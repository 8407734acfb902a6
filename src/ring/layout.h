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

// A node's place in Layout::nodes. Only means something together with its layout.
using NodeIndex = uint16_t;

struct LayoutNode {
  base::NodeId id;
  uint32_t weight = 150;  // Virtual nodes: its share of the ring relative to the others'.
  std::string rack;       // Empty: a rack of its own.
  std::string zone;
  friend bool operator==(const LayoutNode&, const LayoutNode&) = default;
};

struct Layout {
  base::LayoutVersion version;      // 1 for the founder's first; each next one is one more.
  base::Id128 predecessor_hash;     // hash_of the version before; zero for the first.
  base::ClusterId cluster_id;
  uint32_t partition_count = 1024;  // Power of two, fixed when the cluster is founded.
  uint32_t replica_count = 3;       // N as configured.
  std::vector<LayoutNode> nodes;    // Ascending by id.
  std::vector<base::NodeId> voters; // Who may publish the next; the founder alone for now.
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

// The canonical bytes of a layout (FORMAT.md in this folder), and back. kCorrupt for anything that
// breaks a rule above: sizes, order, power of two, unknown or repeated replica in a row.
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

  base::LayoutVersion version() const {
    return current ? current->version : base::LayoutVersion{};
  }
  bool is_settled() const { return previous == nullptr; }
  bool is_newer_than(const LiveLayouts& other) const {
    if (version() != other.version()) return version() > other.version();
    return is_settled() && !other.is_settled();
  }
};

std::string encode_live_layouts(const LiveLayouts& layouts);
base::Result<LiveLayouts> decode_live_layouts(std::string_view bytes);

}  // namespace distkv::ring
