#include "ring/layout.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace distkv::ring {
namespace {

constexpr int kTokenBits = 64;

int partition_bits(uint32_t partition_count) { return std::countr_zero(partition_count); }

}  // namespace

uint32_t Layout::replicas_per_partition() const {
  return std::min(replica_count, static_cast<uint32_t>(nodes.size()));
}

base::PartitionId partition_of(base::Token token, uint32_t partition_count) {
  DISTKV_DCHECK(std::has_single_bit(partition_count));
  const int bits = partition_bits(partition_count);
  if (bits == 0) return base::PartitionId{0};  // A shift by the full width is undefined.
  return base::PartitionId{static_cast<uint32_t>(token.value() >> (kTokenBits - bits))};
}

base::PartitionId Layout::partition_of(base::Token token) const {
  return ring::partition_of(token, partition_count);
}

base::Token Layout::first_token(base::PartitionId partition) const {
  DISTKV_DCHECK(partition.value() < partition_count);
  const int bits = partition_bits(partition_count);
  if (bits == 0) return base::Token{0};
  return base::Token{static_cast<uint64_t>(partition.value()) << (kTokenBits - bits)};
}

base::Token Layout::last_token(base::PartitionId partition) const {
  const int bits = partition_bits(partition_count);
  return base::Token{first_token(partition).value() | ~uint64_t{0} >> bits};
}

std::span<const NodeIndex> Layout::replicas_of(base::PartitionId partition) const {
  DISTKV_CHECK(partition.value() < partition_count);
  const size_t row_size = replicas_per_partition();
  const size_t first = partition.value() * row_size;
  DISTKV_CHECK(first + row_size <= replicas.size());
  return {replicas.data() + first, row_size};
}

std::optional<NodeIndex> Layout::index_of(const base::NodeId& id) const {
  const auto found = std::lower_bound(
      nodes.begin(), nodes.end(), id,
      [](const LayoutNode& node, const base::NodeId& wanted) { return node.id < wanted; });
  if (found == nodes.end() || found->id != id) return std::nullopt;
  return static_cast<NodeIndex>(found - nodes.begin());
}

bool Layout::is_replica(base::PartitionId partition, const base::NodeId& id) const {
  const std::optional<NodeIndex> index = index_of(id);
  if (!index) return false;
  const auto row = replicas_of(partition);
  return std::find(row.begin(), row.end(), *index) != row.end();
}

}  // namespace distkv::ring
