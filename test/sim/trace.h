// What happened, in order: one 128-bit hash over every event that reached a machine, and on demand
// one line for each. Two runs of a seed must have equal hashes; where they do not, their two
// printed traces show the first event that differs.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string_view>

#include "base/types.h"
#include "sim/scheduler.h"

namespace distkv::sim {

// Place of a machine in the simulation: nodes first, then clients.
struct MachineIndex {
  uint32_t value = 0;
  friend auto operator<=>(const MachineIndex&, const MachineIndex&) = default;
};

// The numbers are part of the hash.
enum class EventKind : uint8_t {
  kDatagram = 1,
  kBytes = 2,
  kAccepted = 3,
  kOpened = 4,
  kPeerLost = 5,
  kConnectionClosed = 6,
  kWake = 7,
  kDisk = 8,
  kStart = 9,
  kCrash = 10,
  kPause = 11,
  kResume = 12,
  kFault = 13,
  kInvoke = 14,
  kReturn = 15,
  kLog = 16,
  kRecord = 17,
  kOperation = 18,
  kStop = 19,
};

std::string_view name_of(EventKind kind);

class Trace {
 public:
  // Prints to `out` if it is not null. Both must outlive this.
  Trace(const Scheduler& scheduler, std::FILE* out) : scheduler_(scheduler), out_(out) {}

  // `bytes` are hashed; frames in them are described in the printed line.
  void record(MachineIndex machine, EventKind kind, std::string_view bytes = {});
  // Printed only, not hashed: what makes a trace readable.
  void note(MachineIndex machine, EventKind kind, std::string_view text);
  bool is_printing() const { return out_ != nullptr; }
  base::Id128 hash() const { return hash_; }

 private:
  void print_prefix(MachineIndex machine, EventKind kind);

  const Scheduler& scheduler_;
  std::FILE* out_;
  base::Id128 hash_;
};

// "PutRequest#12 188" for bytes that begin with a frame's header; else "", for display only.
std::string describe_frame(std::string_view bytes);

}  // namespace distkv::sim
