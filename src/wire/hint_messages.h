// What people ask a node about the writes it keeps for others. Part of messages.h, which has the
// limits of the fields; views as there.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/frame.h"

namespace distkv::wire {

// "What do you keep for whom?", and maybe "tell me when all of it is delivered", to the node that
// gets it.
struct HintsRequest {
  static constexpr MessageType kType = MessageType::kHintsRequest;
  std::string_view target{};  // Node id; empty: all targets.
  bool waits = false;         // Answer when all kept by now are delivered or dropped.
  std::chrono::milliseconds timeout{0};
  std::string_view key{};  // Hints of this key alone, without waiting; empty: of all.
  friend bool operator==(const HintsRequest&, const HintsRequest&) = default;
};

struct HintTarget {
  std::string_view id;
  uint64_t pending = 0;
  uint64_t bytes = 0;
  std::chrono::milliseconds age{0};  // Of the oldest that is pending.
  uint64_t delivered = 0;            // Since the node started.
  uint64_t dropped = 0;
  friend bool operator==(const HintTarget&, const HintTarget&) = default;
};

struct HintsReply {
  static constexpr MessageType kType = MessageType::kHintsReply;
  base::Code code = base::Code::kOk;
  std::string_view message{};
  std::string_view node_id{};  // Who keeps them.
  bool is_done = false;        // All that were kept when it was asked are delivered or dropped.
  std::vector<HintTarget> targets{};  // As they are now, ascending by id.
  uint64_t bytes_max = 0;             // Of all together; more are dropped.
  uint64_t dropped = 0;               // Since the node started, those of unknown targets included.
  uint32_t dirty_partitions = 0;      // Missed a dropped hint, so they wait for repair.
  bool is_of_key = false;  // `targets` are those of the key asked for; too old a node sends all.
  friend bool operator==(const HintsReply&, const HintsReply&) = default;
};

}  // namespace distkv::wire
