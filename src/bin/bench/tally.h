// What became of the operations: counts by outcome, and the latencies of those that were served.
// Reads and writes apart. One owner.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bin/bench/histogram.h"
#include "wire/frame.h"

namespace distkv::bin::bench {

enum class Outcome : uint8_t {
  kOk,
  kAbsent,       // A read of a key that has no value: served too.
  kRejected,     // Stored nowhere.
  kUnknown,      // A write that may have been stored, or not.
  kUnavailable,  // Too few replicas, or the server stops.
  kOverloaded,   // Refused by a full queue.
  kLost,         // The connection broke, or no answer came in time.
  kFailed,       // Any other error: a fault of this program or the server.
};
inline constexpr size_t kOutcomes = 8;

std::string_view name_of(Outcome outcome);

struct Judgement {
  Outcome outcome = Outcome::kOk;
  std::string message;  // The server's reason; empty, and never allocated, when served.
};

// What the answer to a read, or to a write, means.
Judgement judge(bool is_read, const wire::FrameView& frame);

struct Tally {
  std::array<uint64_t, kOutcomes> counts{};
  Histogram latency;

  void record(Outcome outcome, std::chrono::nanoseconds after) {
    ++counts[static_cast<size_t>(outcome)];
    if (is_served(outcome)) latency.record(after);
  }
  // A refusal is quick: among the latencies it would flatter them.
  static bool is_served(Outcome outcome) { return outcome <= Outcome::kAbsent; }
  uint64_t count(Outcome outcome) const { return counts[static_cast<size_t>(outcome)]; }
  uint64_t served() const { return count(Outcome::kOk) + count(Outcome::kAbsent); }
  uint64_t errors() const;
};

}  // namespace distkv::bin::bench
