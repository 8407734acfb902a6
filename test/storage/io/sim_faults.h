// What goes wrong on a simulated disk, and when: a list of faults, each aimed at kinds of
// operations on some paths, at one match or from one match on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace distkv::storage::io::test {

// The numbered operations. All but kRead change the disk.
enum class Operation : uint8_t {
  kRead,  // read_some and read_cached.
  kWrite,
  kSync,
  kReserve,
  kCreate,  // open with kCreate, and lock where it makes the file.
  kRename,
  kLink,
  kRemove,
  kSyncDirectory,
  kMakeDirectory,
};

enum class Effect : uint8_t {
  kNone,
  kIo,           // The device fails; nothing is done. A failed sync abandons the dirty pages.
  kNoSpace,      // The disk is full; nothing is done.
  kShort,        // Reads, writes: a part moves, at least a byte of two.
  kInterrupted,  // Reads, writes: nothing moves, a signal came.
  kLie,          // Syncs: ok, yet nothing is durable before an honest one.
  kMisread,      // Reads: one bit of the answer is wrong, this once.
  kDecay,        // Reads: one bit under the answer flips on the disk, for good.
};

struct Fault {
  std::vector<Operation> operations;
  std::string path_part;   // Strikes paths that contain it; empty strikes all.
  uint64_t nth = 1;        // Strikes at this match, from 1 ...
  bool is_sticky = false;  // ... and at every later one.
  Effect effect = Effect::kIo;
};

class FaultPlan {
 public:
  void add(Fault fault) { faults_.push_back({std::move(fault), 0}); }
  void clear() { faults_.clear(); }
  // The effect of the first fault that strikes; every fault that matches counts it.
  Effect strike(Operation operation, const std::string& path);
  // How often a fault struck.
  uint64_t strikes() const { return strikes_; }

 private:
  struct Counted {
    Fault fault;
    uint64_t matches = 0;
  };

  std::vector<Counted> faults_;
  uint64_t strikes_ = 0;
};

}  // namespace distkv::storage::io::test
