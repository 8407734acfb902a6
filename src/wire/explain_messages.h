// What a node tells of one key to who asks. Part of messages.h, which has the limits of the fields;
// views as there.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/types.h"
#include "wire/frame.h"

namespace distkv::wire {

enum class MemberState : uint8_t { kAlive = 0, kSuspect = 1, kDead = 2, kLeft = 3 };

struct ExplainRequest {
  static constexpr MessageType kType = MessageType::kExplainRequest;
  std::string_view key;
  std::chrono::milliseconds timeout{0};
  friend bool operator==(const ExplainRequest&, const ExplainRequest&) = default;
};

struct ExplainVersion {
  base::ActorId actor;
  base::Counter counter;
  uint64_t value_bytes = 0;
  base::WallTime expires_at{};  // Zero: never.
  bool is_tombstone = false;
  friend bool operator==(const ExplainVersion&, const ExplainVersion&) = default;
};

struct ExplainReplica {
  std::string_view id;
  std::string_view endpoint;
  MemberState state = MemberState::kAlive;
  base::Code code = base::Code::kOk;  // Of asking it.
  std::string_view message;
  std::vector<ExplainVersion> versions;
  bool has_hint_pending = false;  // On the node that answers.
  uint64_t digest = 0;  // causality::digest of the record; zero: holds nothing, or too old to say.
  uint8_t layouts = 0;  // Bit 0: a replica in the current layout; bit 1: in the one before.
  friend bool operator==(const ExplainReplica&, const ExplainReplica&) = default;
};

// A write of the key that `holder` keeps for `target`.
struct ExplainHint {
  std::string_view holder;
  std::string_view target;
  std::chrono::milliseconds age{0};
  friend bool operator==(const ExplainHint&, const ExplainHint&) = default;
};

struct ExplainReply {
  static constexpr MessageType kType = MessageType::kExplainReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  base::Token token;
  uint32_t slot = 0;
  base::PartitionId partition;
  uint64_t layout_version = 0;
  std::vector<ExplainReplica> replicas;
  std::string_view verdict;              // What a quorum would answer, and why.
  uint64_t previous_layout_version = 0;  // While partitions move; else zero.
  std::vector<ExplainHint> hints{};      // On the replicas that answered.
  bool tells_hints = false;              // False: the node is too old to say.
  friend bool operator==(const ExplainReply&, const ExplainReply&) = default;
};

}  // namespace distkv::wire
