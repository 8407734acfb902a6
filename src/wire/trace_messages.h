// The timeline of one operation, for who asked for it. Part of messages.h, which has the limits of
// the fields; views as there.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace distkv::wire {

// What was done about a node, or what it did. The numbers travel in frames.
enum class TraceStep : uint8_t {
  kAskedToWrite = 0,
  kAskedForRecord = 1,
  kAskedForDigest = 2,
  kAskedToTakeMerged = 3,  // A write-back.
  kMinted = 4,             // The write has its dot and is visible there.
  kAnswered = 5,           // It did what it was asked.
  kStale = 6,              // What it answered lacks what another one has.
  kFailed = 7,             // `code` and `text` say why.
  kSilent = 8,             // Had not answered when the client was.
  kPassedOver = 9,         // Not asked: it is believed dead.
  kHinted = 10,            // A hint is kept for it.
  kForwarded = 11,         // The whole request was handed to it.
  kRepliedToClient = 12,   // Nobody's; `code` and `text` are the answer's.
};

struct TraceEvent {
  uint64_t at_us = 0;  // Since the node that records began, microseconds.
  std::string_view node{};
  TraceStep step = TraceStep::kAskedToWrite;
  bool is_spare = false;  // Asked in place of, or beside, another that failed or is late.
  base::Code code = base::Code::kOk;
  std::string_view text{};
  friend bool operator==(const TraceEvent&, const TraceEvent&) = default;
};

struct Trace {
  std::string_view node{};           // Who recorded it.
  std::vector<TraceEvent> events{};  // In the order in which they happened.
  uint32_t left_out = 0;             // Later ones, over the limit.
  friend bool operator==(const Trace&, const Trace&) = default;
};

}  // namespace distkv::wire
