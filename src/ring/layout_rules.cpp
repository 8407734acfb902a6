// The rules a layout keeps, judged in one place: for what comes from disk or net, and for the nodes
// that an operator asks for.
#include <algorithm>
#include <bit>

#include "ring/layout.h"

namespace distkv::ring {
namespace {

base::Status broken(std::string sentence) {
  return {base::Code::kInvalidArgument, std::move(sentence)};
}

// Visible ASCII without spaces, so that names stand in key=value log lines as they are.
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

base::Status check_node(const LayoutNode& node) {
  const std::string& id = node.id.value();
  if (id.empty() || id.size() > base::kNodeIdBytesMax || !is_printable(id)) {
    return broken("a node id must be 1 to 64 printable bytes without spaces");
  }
  if (node.weight == 0 || node.weight > kWeightMax) {
    return broken("weight of node " + id + " is " + std::to_string(node.weight) + ", not 1 to " +
                  std::to_string(kWeightMax));
  }
  for (const std::string_view name : {std::string_view(node.rack), std::string_view(node.zone)}) {
    if (name.size() > kRackBytesMax || !is_printable(name)) {
      return broken("rack and zone of node " + id +
                    " must be at most 64 printable bytes without spaces");
    }
  }
  return {};
}

base::Status check_header(const Layout& layout) {
  const uint32_t count = layout.partition_count;
  const bool is_first = layout.version.value() == 1;
  if (layout.version.value() == 0) return broken("layout version 0 is none");
  if (is_first != layout.predecessor_hash.is_zero()) {
    return broken("only the first layout has no predecessor");
  }
  if (layout.cluster_id.value().is_zero()) return broken("a layout names its cluster");
  if (!std::has_single_bit(count) || count < kPartitionsMin || count > kPartitionsMax) {
    return broken("partition count " + std::to_string(count) +
                  " is not a power of two from 1 to 16384");
  }
  if (layout.replica_count == 0 || layout.replica_count > kReplicasMax) {
    return broken("replica count " + std::to_string(layout.replica_count) + " is not 1 to 7");
  }
  return {};
}

base::Status check_voters(const Layout& layout) {
  if (layout.voters.empty() || layout.voters.size() > kVotersMax) {
    return broken("a layout has 1 to 5 voters, not " + std::to_string(layout.voters.size()));
  }
  for (size_t i = 0; i < layout.voters.size(); ++i) {
    if (!layout.index_of(layout.voters[i])) return broken("a voter is not among the nodes");
    if (i > 0 && layout.voters[i - 1] >= layout.voters[i]) {
      return broken("voters are not in ascending order");
    }
  }
  return {};
}

base::Status check_replicas(const Layout& layout) {
  const size_t row_size = layout.replicas_per_partition();
  if (layout.replicas.size() != row_size * layout.partition_count) {
    return broken("the replica table has " + std::to_string(layout.replicas.size()) +
                  " places, not one row for each partition");
  }
  for (size_t place = 0; place < layout.replicas.size(); ++place) {
    const NodeIndex node = layout.replicas[place];
    const size_t partition = place / row_size;
    if (node >= layout.nodes.size()) {
      return broken("partition " + std::to_string(partition) + " has an unknown replica");
    }
    const auto here = layout.replicas.begin() + static_cast<ptrdiff_t>(place);
    const auto row = layout.replicas.begin() + static_cast<ptrdiff_t>(partition * row_size);
    if (std::find(row, here, node) != here) {
      return broken("partition " + std::to_string(partition) + " has a replica twice");
    }
  }
  return {};
}

}  // namespace

base::Status check_nodes(std::span<const LayoutNode> nodes) {
  if (nodes.empty() || nodes.size() > kNodesMax) {
    return broken("a layout has 1 to 1000 nodes, not " + std::to_string(nodes.size()));
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (base::Status status = check_node(nodes[i]); !status.is_ok()) return status;
    if (i == 0) continue;
    const std::string& id = nodes[i].id.value();
    if (nodes[i - 1].id == nodes[i].id) return broken("node " + id + " is listed twice");
    if (nodes[i - 1].id > nodes[i].id) return broken("node " + id + " is out of order");
  }
  return {};
}

base::Status check_layout(const Layout& layout) {
  if (base::Status status = check_header(layout); !status.is_ok()) return status;
  if (base::Status status = check_nodes(layout.nodes); !status.is_ok()) return status;
  if (base::Status status = check_voters(layout); !status.is_ok()) return status;
  return check_replicas(layout);
}

}  // namespace distkv::ring
