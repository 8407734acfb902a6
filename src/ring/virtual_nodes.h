// The consistent-hashing ring: each node stands at as many hashed places as its weight says, and a
// partition prefers the nodes it meets walking up from its first token. Who comes or goes changes
// only the preferences next to its own places. Source: Dynamo §4.2, §6.2.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/types.h"
#include "ring/layout.h"

namespace distkv::ring {

// More places make the walk no better, only slower; beyond it, all nodes get proportionally fewer.
inline constexpr uint64_t kVirtualNodesMax = 64 * 1024;

class VirtualNodes {
 public:
  explicit VirtualNodes(std::span<const LayoutNode> nodes);

  // Where a walk from `token` begins: the first place at or after it.
  size_t seek(base::Token token) const;
  // The node met `step` places after `start`, going round and round.
  NodeIndex at(size_t start, size_t step) const {
    return places_[(start + step) % places_.size()].node;
  }

 private:
  struct Place {
    uint64_t token;
    NodeIndex node;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  std::vector<Place> places_;  // Ascending; never empty.
};

}  // namespace distkv::ring
