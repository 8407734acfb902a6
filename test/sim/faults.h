// What goes wrong, when and for how long. Each seed draws which kinds happen at all (swarm testing:
// a run with few kinds reaches states that a run with all of them never does) and how often.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "sim/chance.h"
#include "sim/sim_network.h"
#include "sim/sim_node.h"
#include "sim/steps.h"
#include "sim/tally.h"

namespace distkv::sim {

enum class FaultKind : uint8_t {
  kCrash,         // One program ends and starts again.
  kAmbush,        // One program ends while a write of it is not durable.
  kRestart,       // One program is asked to end, and starts again.
  kBlackout,      // All of them, at once.
  kPause,         // A program stands still, then goes on.
  kCut,           // The machines fall in two parts.
  kOneWayCut,     // One part no longer hears the other.
  kBridge,        // Two parts see one machine, not each other.
  kDatagramCut,   // Two parts, for datagrams alone.
  kStreamCut,     // Two parts, for streams alone.
  kSlowMachine,   // Everything from and to it is late.
  kBrokenStream,  // One stream breaks.
  kDrift,         // A clock runs fast or slow.
  kWallJump,      // A wall clock jumps, by up to a day.
  kSlowDisk,      // Syncs take long, and with files all else that the disk does.
  kWipe,          // A machine loses its disk. Once in a run, this, kRot or kOldCopy.
  // What only a disk with files does:
  kPowerCut,     // The power goes at any one operation on the disk.
  kFailingSync,  // A sync of the log fails; the store stops until the machine starts again.
  kFullDisk,     // There is no room for a while.
  kRot,          // A bit of a table changes; in the end the disk is replaced.
  kOldCopy,      // A disk is exchanged for an older copy of it.
};
inline constexpr size_t kFaultKinds = 21;

std::string_view name_of(FaultKind kind);

struct FaultPlan {
  struct Source {
    FaultKind kind;
    Spread interval;  // Between two of this kind.
  };
  std::vector<Source> sources;
  NetworkRates network;
};

// Takes most kinds of faults out again, for what needs all nodes now and then.
void thin_out(FaultPlan& plan, base::Rng rng);

bool has_kind(const FaultPlan& plan, FaultKind kind);
// No clock is touched.
void keep_clocks(FaultPlan& plan);

// What a cluster can stand.
struct FaultBounds {
  bool may_wipe = false;   // An acknowledged write outlives the loss of one disk.
  bool has_files = false;  // Its disks have files.
};

FaultPlan draw_faults(base::Rng& rng, const FaultBounds& bounds);
// Of a kind or two, each seldom kind as likely as any other: what they begin has time to end.
FaultPlan draw_few_faults(base::Rng& rng, const FaultBounds& bounds);

// What faults act on; all outlive them.
struct Victims {
  Scheduler& scheduler;
  SimNetwork& network;
  Trace& trace;
  Tally& tally;
  Steps& steps;
  std::vector<SimNode*> nodes;
  std::vector<MachineIndex> machines;  // Nodes and clients.
};

class Faults {
 public:
  Faults(Victims victims, FaultPlan plan, base::Rng rng);

  void start();
  // No fault begins any more, and each one under way ends now: all programs run, every way is open,
  // clocks run true (what wall clocks show stays as it is).
  void heal();
  bool has_wiped() const { return has_wiped_; }
  bool has_ended_programs() const { return has_ended_programs_; }

 private:
  // A source at work. Each has draws of its own, and each fault as well: one that is left out moves
  // no other.
  struct Active {
    FaultPlan::Source source;
    base::Rng rng;
    uint64_t injected = 0;
  };
  void schedule_next(const std::shared_ptr<Active>& active);
  void inject(FaultKind kind);
  void inject_at_machine(FaultKind kind);
  void crash(SimNode& node);
  void start_later(SimNode& node);
  void wipe();
  void rot();
  void copy_for_later(SimNode& node);
  void restore(SimNode& node);
  void cut_power(SimNode& node);
  void fail_sync(SimNode& node);
  void fill_disk(SimNode& node);
  void mend(SimNode& node);
  void restart(SimNode& node);
  void blackout();
  void pause(SimNode& node);
  void cut(FaultKind kind);
  void slow_machine();
  void drift(SimNode& node);
  void jump_wall(SimNode& node);
  void slow_disk(SimNode& node);
  SimNode& any_node_but_first();
  SimNode& any_node() { return *victims_.nodes[rng_.below(victims_.nodes.size())]; }

  Victims victims_;
  FaultPlan plan_;
  base::Rng rng_;  // Of the last fault.
  bool is_healed_ = false;
  bool has_wiped_ = false;
  bool has_ended_programs_ = false;
  SimNode* rotten_ = nullptr;
  std::vector<std::shared_ptr<Cut>> cuts_;  // Those that are not healed yet.
};

}  // namespace distkv::sim
