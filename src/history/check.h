// Judges a history by what clients were told alone: a pure function, the same for live clusters and
// for the simulator.
//
// It is sound: a cluster that keeps its promises is never accused. What cannot be known is taken as
// the cluster would like it: a write of unknown outcome may take effect at any later time, twice or
// never, a blind write supersedes whatever its replica happened to hold. README.md gives the rules,
// and why each holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "history/history.h"

namespace distkv::history {

enum class Fault : uint8_t {
  kLost,          // P1: an acknowledged write is gone, and nothing can have superseded it.
  kStale,         // P6: a read has not seen a write that was acknowledged before it began.
  kNonMonotonic,  // P7: a read has not seen what a read that ended before it began had seen.
  kSession,       // P8: a client's read has not seen what it wrote or read before.
  kResurrected,   // P2: a read shows a value although it has seen what superseded it.
  kAborted,       // P9: a read shows a value whose write was refused.
  kUnwritten,     // P0: a read shows a value that nobody had put to that key.
};
inline constexpr size_t kFaults = 7;

// "lost", "stale", "non-monotonic", "session", "resurrected", "aborted", "unwritten".
std::string_view name_of(Fault fault);
// "P1" and so on: its number among the store's promises.
std::string_view property_of(Fault fault);

struct Violation {
  Fault fault = Fault::kLost;
  std::string key;
  std::string what;                // What is wrong with the first of these:
  std::vector<size_t> operations;  // Places in the history: who shows it, then what it belies.
};

// What holds only in some configurations.
struct Promises {
  // R + W > N: a read at quorum meets each write at quorum.
  bool has_quorums = true;
  // 2R > N: what one read wrote back the next one meets.
  bool is_monotonic = true;
  // No disk was lost. Otherwise neither of these holds, nor that a write at all is met by any read
  // and a read at all meets any write.
  bool keeps_disks = true;
  // Nothing deleted or expired is forgotten during the history: contexts go on covering it. Without
  // this the order of operations on a key is judged up to its first delete alone.
  bool keeps_tombstones = true;
};

// More are only counted: a broken store breaks its promise with every read.
inline constexpr size_t kViolationsMax = 1000;

struct Verdict {
  std::array<uint64_t, kFaults> counts{};
  std::vector<Violation> violations;  // The first kViolationsMax, key by key, then by time.

  uint64_t count(Fault fault) const { return counts[static_cast<size_t>(fault)]; }
  uint64_t total() const;
};

// Time: for each key linear in its operations, and in its writes twice over where many of them stay
// concurrent. Memory: as much again as the history.
Verdict check(const History& history, const Promises& promises = {});

// The violation and its operations as one sentence.
std::string describe(const Violation& violation, const History& history);

}  // namespace distkv::history
