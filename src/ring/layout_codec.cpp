// Layouts as bytes; FORMAT.md draws them. One layout has one encoding, because its hash names it.
#include <algorithm>

#include "base/codec.h"
#include "base/hash.h"
#include "ring/layout.h"

namespace distkv::ring {
namespace {

constexpr uint8_t kFormatVersion = 1;
constexpr uint64_t kLiveLayoutsMax = 2;  // The current one and the one before.

base::Status corrupt(const std::string& reason) {
  return {base::Code::kCorrupt, "layout: " + reason};
}

void write_node(base::Writer& writer, const LayoutNode& node) {
  writer.bytes(node.id.value());
  writer.varint(node.weight);
  writer.bytes(node.rack);
  writer.bytes(node.zone);
}

LayoutNode read_node(base::Reader& reader) {
  LayoutNode node;
  node.id = base::NodeId{std::string(reader.bytes(base::kNodeIdBytesMax))};
  node.weight = static_cast<uint32_t>(reader.count(kWeightMax));
  node.rack = reader.bytes(kRackBytesMax);
  node.zone = reader.bytes(kRackBytesMax);
  return node;
}

void read_header(base::Reader& reader, Layout& layout) {
  layout.version = base::LayoutVersion{reader.varint()};
  layout.predecessor_hash = reader.id128();
  layout.cluster_id = base::ClusterId{reader.id128()};
  layout.partition_count = static_cast<uint32_t>(reader.count(kPartitionsMax));
  layout.replica_count = static_cast<uint32_t>(reader.count(kReplicasMax));
}

void read_members(base::Reader& reader, Layout& layout) {
  const uint64_t node_count = reader.count(kNodesMax);
  for (uint64_t i = 0; i < node_count && !reader.has_failed(); ++i) {
    layout.nodes.push_back(read_node(reader));
  }
  const uint64_t voter_count = reader.count(kVotersMax);
  for (uint64_t i = 0; i < voter_count && !reader.has_failed(); ++i) {
    layout.voters.emplace_back(std::string(reader.bytes(base::kNodeIdBytesMax)));
  }
}

void read_replicas(base::Reader& reader, Layout& layout) {
  // No count is stored: the header decides it, and the bytes left must be exactly that many.
  const size_t count = size_t{layout.partition_count} * layout.replicas_per_partition();
  if (reader.remaining() != count * sizeof(NodeIndex)) return reader.fail();
  layout.replicas.resize(count);
  for (NodeIndex& replica : layout.replicas) replica = reader.u16();
}

}  // namespace

std::string encode_layout(const Layout& layout) {
  std::string bytes;
  base::Writer writer(bytes);
  writer.u8(kFormatVersion);
  writer.varint(layout.version.value());
  writer.id128(layout.predecessor_hash);
  writer.id128(layout.cluster_id.value());
  writer.varint(layout.partition_count);
  writer.varint(layout.replica_count);
  writer.varint(layout.nodes.size());
  for (const LayoutNode& node : layout.nodes) write_node(writer, node);
  writer.varint(layout.voters.size());
  for (const base::NodeId& voter : layout.voters) writer.bytes(voter.value());
  for (const NodeIndex replica : layout.replicas) writer.u16(replica);
  return bytes;
}

base::Result<Layout> decode_layout(std::string_view bytes) {
  if (bytes.size() > kLayoutBytesMax) return corrupt("longer than any layout");
  base::Reader reader(bytes);
  const uint8_t format = reader.u8();
  if (reader.has_failed()) return corrupt("no bytes");
  if (format != kFormatVersion) return corrupt("unknown format " + std::to_string(format));
  Layout layout;
  read_header(reader, layout);
  read_members(reader, layout);
  read_replicas(reader, layout);
  if (!reader.is_complete()) return corrupt("truncated, too long or not canonical");
  if (base::Status status = check_layout(layout); !status.is_ok()) {
    return corrupt(status.message());
  }
  return layout;
}

base::Id128 hash_of(const Layout& layout) { return base::hash128(encode_layout(layout)); }

std::string encode_live_layouts(const LiveLayouts& layouts) {
  std::string bytes;
  base::Writer writer(bytes);
  writer.u8(kFormatVersion);
  if (!layouts.current) {
    writer.u8(0);
    return bytes;
  }
  writer.u8(layouts.previous ? 2 : 1);
  writer.bytes(encode_layout(*layouts.current));
  if (layouts.previous) writer.bytes(encode_layout(*layouts.previous));
  return bytes;
}

base::Result<LiveLayouts> decode_live_layouts(std::string_view bytes) {
  base::Reader reader(bytes);
  const uint8_t format = reader.u8();
  if (reader.has_failed()) return corrupt("no bytes");
  if (format != kFormatVersion) return corrupt("unknown format " + std::to_string(format));
  const uint8_t count = reader.u8();
  if (count > kLiveLayoutsMax) return corrupt("more than two layouts are live");
  LiveLayouts live;
  for (auto* layout : {&live.current, &live.previous}) {
    if (layout == &live.current ? count < 1 : count < 2) break;
    base::Result<Layout> decoded = decode_layout(reader.bytes(kLayoutBytesMax));
    if (reader.has_failed()) return corrupt("live layouts are truncated");
    if (!decoded.is_ok()) return decoded.status();
    *layout = std::make_shared<const Layout>(std::move(*decoded));
  }
  if (!reader.is_complete()) return corrupt("live layouts are truncated or too long");
  if (live.previous && hash_of(*live.previous) != live.current->predecessor_hash) {
    return corrupt("the previous layout is not the predecessor of the current one");
  }
  return live;
}

}  // namespace distkv::ring
