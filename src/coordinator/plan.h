// Whom one request concerns: the key's replicas in every live layout, each node once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bounded_vector.h"
#include "base/types.h"
#include "ring/layout.h"
#include "wire/messages.h"

namespace distkv::coordinator {

// One row for each live layout: the current one, and the previous one while partitions move.
inline constexpr size_t kRowsMax = 2;
inline constexpr size_t kTargetsMax = kRowsMax * ring::kReplicasMax;

struct Target {
  const base::NodeId* node = nullptr;  // In the layout that Plan::layouts keeps alive.
  uint8_t rows = 0;                    // Bit i: a replica of the key in row i.
};

struct Plan {
  ring::LiveLayouts layouts;
  base::Token token;
  base::PartitionId partition;
  // Best first; replicas of the current layout before the others.
  base::BoundedVector<Target, kTargetsMax> targets;
  size_t row_count = 0;
  std::array<uint32_t, kRowsMax> replicas{};  // N of each row.

  std::optional<size_t> find(const base::NodeId& node) const;
};

// `layouts.current` must not be null.
Plan make_plan(const ring::LiveLayouts& layouts, base::Token token);

// R or W as configured.
struct Quorums {
  uint32_t read = 2;
  uint32_t write = 2;
};

// How many of `replicas` must answer: 1, the configured quorum (but never more than there are),
// all.
uint32_t needed(wire::Consistency consistency, uint32_t quorum, uint32_t replicas);

}  // namespace distkv::coordinator
