// Layouts that several tests of this folder start from.
#pragma once

#include <string>

#include "ring/layout.h"

namespace distkv::ring {

// Version 2 of a cluster of four nodes in two racks, four partitions, N = 3.
inline Layout sample_layout() {
  Layout layout;
  layout.version = base::LayoutVersion{2};
  layout.predecessor_hash = {0x1111111111111111, 0x2222222222222222};
  layout.cluster_id = base::ClusterId{{0xAAAAAAAAAAAAAAAA, 0xBBBBBBBBBBBBBBBB}};
  layout.partition_count = 4;
  layout.replica_count = 3;
  layout.nodes = {{base::NodeId{"a"}, 150, "r1", "z1"},
                  {base::NodeId{"b"}, 150, "r2", "z1"},
                  {base::NodeId{"c"}, 300, "r1", "z1"},
                  {base::NodeId{"d"}, 10000, "", ""}};
  layout.voters = {base::NodeId{"a"}, base::NodeId{"c"}};
  layout.replicas = {0, 1, 3, 1, 2, 3, 2, 3, 0, 3, 0, 1};
  return layout;
}

}  // namespace distkv::ring
