#include "ring/virtual_nodes.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"

namespace distkv::ring {

VirtualNodes::VirtualNodes(std::span<const LayoutNode> nodes) {
  DISTKV_CHECK(!nodes.empty());
  uint64_t weights = 0;
  for (const LayoutNode& node : nodes) weights += node.weight;
  for (size_t index = 0; index < nodes.size(); ++index) {
    const LayoutNode& node = nodes[index];
    uint64_t count = node.weight;
    if (weights > kVirtualNodesMax) {
      count = std::max<uint64_t>(1, count * kVirtualNodesMax / weights);
    }
    for (uint64_t number = 0; number < count; ++number) {
      places_.push_back({base::hash64(node.id.value(), number), static_cast<NodeIndex>(index)});
    }
  }
  std::sort(places_.begin(), places_.end());
}

size_t VirtualNodes::seek(base::Token token) const {
  const auto found =
      std::lower_bound(places_.begin(), places_.end(), token.value(),
                       [](const Place& place, uint64_t wanted) { return place.token < wanted; });
  return static_cast<size_t>(found - places_.begin());
}

}  // namespace distkv::ring
