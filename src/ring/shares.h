// How many replicas each node shall hold, and how many of one row each rack may hold.
//
// The fair share of a node is min(Q, x * weight), with the one x that makes all shares add up to
// Q * R: a node too heavy to hold its part without holding a partition twice holds each partition
// once, and the others share the rest by weight. Targets are shares rounded down or up, so that the
// sum over each rack is rounded down or up as well: a rack that deserves at most Q never gets Q
// + 1.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ring/layout.h"

namespace distkv::ring {

using RackIndex = uint16_t;

// The limits of one placement. Sums: targets to Q * R; and in any row the racks' bounds leave room
// for exactly R replicas, since the targets of a rack spread evenly over the rows lie within them.
struct Shares {
  uint32_t partition_count = 0;    // Q
  uint32_t row_size = 0;           // R
  std::vector<uint32_t> targets;   // By node: replicas to hold, at most Q.
  std::vector<RackIndex> rack_of;  // By node.
  std::vector<uint32_t> rack_min;  // By rack: fewest and most replicas in one row,
  std::vector<uint32_t> rack_max;  //   the rack's targets over Q, rounded down and up.
};

// `held` says how many replicas each node holds today: of two roundings, the one that moves less is
// taken. `nodes` as in a layout (check_nodes).
Shares compute_shares(const Layout& layout, std::span<const uint32_t> held);

// Rounds numerators / denominator to whole numbers with the same sum, which must be whole: each
// down, except for those that hold enough already, then those with the largest remainders.
std::vector<uint32_t> round_shares(std::span<const uint64_t> numerators, uint64_t denominator,
                                   std::span<const uint32_t> held);

}  // namespace distkv::ring
