// What a simulated machine keeps: a store that outlives the programs which open it, and the account
// of what it must still show when one of them has died. Two kinds: the LSM engine over a simulated
// file system, and the memory engine over a simulated journal, which is quicker by far and in which
// whatever fails is the cluster's fault.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/timers.h"
#include "sim/observed_engine.h"
#include "sim/scheduler.h"
#include "sim/sim_executor.h"
#include "sim/store_account.h"

namespace distkv::sim {

enum class EngineKind : uint8_t { kLsm, kMap };

inline std::string_view name_of(EngineKind kind) {
  return kind == EngineKind::kLsm ? "lsm" : "map";
}

// How the stores of one run are.
struct StorePlan {
  EngineKind engine = EngineKind::kLsm;
  bool has_large_values = false;
};

// What a machine gives its store; all outlive it. `hand`: as SimExecutor's. `on_wrong` is told when
// the store breaks what it promised.
struct StoreHost {
  Scheduler& scheduler;
  DiskObserver& observer;
  const base::Clock& clock;
  base::Log& log;
  SimExecutor::Hand hand;
  std::function<void(std::string)> on_wrong;
};

// What ails a disk.
enum class Ailment : uint8_t {
  kNone,
  kFailingSync,  // One sync of the log will fail, or has.
  kFull,
  kRotten,  // A bit of a table has changed, for good.
};

// How a program ends: it alone does, and the system keeps what it was given; or the power goes.
enum class Ending : uint8_t { kKilled, kPowerCut };

class SimStore {
 public:
  SimStore(const StoreHost& host, base::Rng rng)
      : host_(host), rng_(rng), account_(host.observer) {}
  virtual ~SimStore() = default;

  // Opens it for a program with these timers, past power cuts in the middle of that. An error where
  // nothing but programs and power has failed is a defect of the engine.
  base::Result<std::unique_ptr<storage::Engine>> open(base::Timers& timers);
  // The program ends. Call it before the engine goes.
  virtual void die(Ending ending) = 0;
  // After the engine went: judges what the store would now show.
  void judge();
  // An empty disk, as after its replacement. The program must be gone.
  void wipe();
  // Exchanges the disk for the copy that was kept; a healthy one. The program must be gone.
  base::Status restore_copy();

  // Runs `strike` once, soon after the next commit: while that is probably not durable yet.
  void ambush(std::function<void()> strike) { strike_ = std::move(strike); }
  virtual void set_slow(bool is_slow) = 0;
  // Lets reads be answered from memory alone, or puts that back, so that an observer can look.
  virtual void set_all_cached(bool) {}
  const StoreAccount& account() const { return account_; }

  // ---- What only disks with files do; no effect elsewhere.
  // The power goes at the n-th operation from now that changes the disk.
  virtual void cut_power_in(uint64_t) {}
  // It stays, after all.
  virtual void keep_power() {}
  // It has gone: the program must end.
  virtual bool is_down() const { return false; }
  // The n-th call from now answers an error, and the store counts as one with a failing sync.
  virtual void fail_call(uint64_t) {}
  virtual bool has_failed_call() const { return false; }
  // Calls of the disk there is now.
  virtual uint64_t calls() const { return 0; }
  // Falls ill, unless it is ill already or cannot be.
  virtual void ail(Ailment) {}
  // Healthy again, but for what has rotted.
  virtual void mend() {}
  virtual Ailment ailment() const { return Ailment::kNone; }
  // Copies the disk, if it is sound. The program must have ended in order.
  virtual void keep_copy() {}
  virtual bool has_copy() const { return false; }

 protected:
  virtual base::Result<std::unique_ptr<storage::Engine>> open_engine(base::Timers& timers) = 0;
  // What the store would show.
  virtual base::Result<Found> read_all() = 0;
  virtual void clear() = 0;
  virtual void lay_in_copy() {}

  StoreHost host_;
  base::Rng rng_;
  StoreAccount account_;

 private:
  void note_commit();

  std::function<void()> strike_;
};

// `rng`: of every choice the store and its disk make.
std::unique_ptr<SimStore> make_store(const StorePlan& plan, const StoreHost& host, base::Rng rng);

}  // namespace distkv::sim
