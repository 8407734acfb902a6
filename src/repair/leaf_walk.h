// The records below some leaves of the hash tree, in pages: how both replicas look below the leaves
// they keep, so that what a comparison needs is bounded however many keys a leaf has.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "replica/hash_tree.h"
#include "ring/layout.h"
#include "storage/engine.h"

namespace distkv::repair {

// Keys behind `after` up to `through`, both of which may be empty for the ends, in order of token,
// then key, as far as they lie in one of the leaves.
struct LeafWalk {
  std::vector<replica::Leaf> leaves;  // Ascending.
  std::string after;
  std::string through;
};

// All leaves of a partition, ascending.
std::vector<replica::Leaf> leaves_of(const ring::Layout& layout, base::PartitionId partition);

struct WalkedPage {
  std::vector<storage::Item> items;  // Causal states; values may be left out.
  std::string last;                  // How far it looked; empty: to the end of the walk.
};

// At most `items_max` records, and about kWalkBytesMax of keys and states. The engine must outlive
// the call's answer.
inline constexpr size_t kWalkBytesMax = 1 << 20;
void walk_leaves(storage::Engine& engine, LeafWalk walk, size_t items_max,
                 std::function<void(base::Result<WalkedPage>)> done);

}  // namespace distkv::repair
