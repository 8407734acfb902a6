// The state of a simulated disk and of the machine on it, shared by the file system, its open files
// and its locks: nodes, names, faults, space, and the count of operations that a test may stop at.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "base/rng.h"
#include "storage/io/sim_faults.h"
#include "storage/io/sim_inode.h"
#include "storage/io/sim_names.h"

namespace distkv::storage::io::test {

// What a read "only from memory" finds there.
enum class CachedReads : uint8_t { kAlways, kNever, kRandom };

class SimDevice {
 public:
  explicit SimDevice(uint64_t seed) : rng(seed) {}

  // How an operation starts: it may not happen (`status`), or happen strangely (`effect`).
  struct Start {
    base::Status status;
    Effect effect = Effect::kNone;
    bool is_last = false;  // The power goes just now: a write may have come half of its way.
  };
  // Counts it, stops the machine at its time, and asks the faults.
  Start start(Operation operation, const std::string& path);
  // kIo while the machine is down.
  base::Status check_up(const std::string& path) const;

  uint64_t used_bytes() const;
  uint64_t free_bytes() const;
  // Up to where a file may grow, at most to `wanted`.
  uint64_t growth_limit(const SimInode& inode, uint64_t wanted) const;

  // An empty file under no name yet.
  NodeId make_node();
  NodeId make_directory_node() { return next_node_++; }
  // Forgets a file that no name, however old, and no open file leads to.
  void collect(NodeId node);
  void crash(base::Rng& chance);
  // For a copy of the whole: as it is on the disk, without open files, locks, faults and stop.
  void detach();

  SimNames names;
  std::map<NodeId, SimInode> inodes;
  std::set<NodeId> locked;
  FaultPlan faults;
  CrashOdds odds;
  CachedReads cached_reads = CachedReads::kAlways;
  bool can_reserve = true;
  uint64_t capacity = kUnlimited;
  uint64_t life = 1;  // Files and locks of an earlier one are dead.
  uint64_t operations = 0;
  uint64_t reads = 0;
  uint64_t stop_at = kNever;
  bool is_down = false;
  base::Rng rng;

  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
  static constexpr uint64_t kUnlimited = uint64_t{1} << 60;  // No test writes so much.

 private:
  void count_names();

  NodeId next_node_ = kRootNode + 1;
};

// "<path>: <call>: <reason>".
base::Status failure(const std::string& path, const char* call, const char* reason);
base::Status no_space(const std::string& path, const char* call);

}  // namespace distkv::storage::io::test
