// The timeline of one operation, as the nodes that carried it out recorded it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace distkv {

enum class TraceStep {
  kAskedToWrite,
  kAskedForRecord,
  kAskedForDigest,
  kAskedToTakeMerged,  // A stale replica was asked to take what was merged.
  kMinted,             // The write has its place in the key's history, and is visible there.
  kAnswered,           // It did what it was asked.
  kStale,              // What it answered lacks what another replica, or the session, has.
  kFailed,             // `text` says why.
  kSilent,             // Had not answered when the client was.
  kPassedOver,         // Not asked: it is believed dead.
  kHinted,             // The write is kept for it until it is back.
  kForwarded,          // The whole request was handed to it.
  kRepliedToClient,    // Of no node; `text` says what was answered, if that was no success.
};

struct TraceEvent {
  std::chrono::microseconds at{0};  // Since the node that recorded it began.
  std::string node;
  TraceStep step = TraceStep::kAskedToWrite;
  bool is_spare = false;  // Asked in place of, or beside, another that failed or is late.
  std::string text;
};

struct Trace {
  std::string node;                // Who recorded it.
  std::vector<TraceEvent> events;  // In the order in which they happened.
  uint32_t left_out = 0;           // Events past the most that are kept.
};

}  // namespace distkv
