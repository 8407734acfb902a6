// One simulated computer with a distkv node on it: the very classes of the real server, over a
// simulated store, clock and network. It survives its program, which crashes and starts again.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/rng.h"
#include "base/timers.h"
#include "node/config.h"
#include "node/node.h"
#include "server/native/native_front.h"
#include "sim/machine.h"
#include "sim/scheduler.h"
#include "sim/sim_clock.h"
#include "sim/sim_network.h"
#include "sim/sim_store.h"
#include "sim/strikes.h"
#include "sim/tally.h"

namespace distkv::sim {

// Told of what no simulated fault justifies: a line at error level; a store that breaks a promise.
using OnWrong = std::function<void(std::string what)>;

// What nodes share; all outlive them.
struct World {
  Scheduler& scheduler;
  Trace& trace;
  SimNetwork& network;
  Tally& tally;
  Strikes& strikes;
  StorePlan stores;
  OnWrong on_error_line;
  OnWrong on_broken_store;
};

class SimNode : public Machine, private base::Log {
 public:
  struct Draws {
    base::Rng rng;
    std::chrono::milliseconds clock_error_max;  // Of the wall clock at first. At least one.
  };
  SimNode(const World& world, node::Config config, const Draws& draws, DiskObserver& observer);
  ~SimNode() override;

  // ---- Machine.
  bool is_up() const override { return program_ != nullptr; }
  void handle(EventKind kind, std::string_view bytes, const MachineEvent& event) override;

  // ---- The life of the program. Each has no effect where it makes no sense.
  void start();
  // With the power no kernel is left to tell the peers.
  void crash(Ending ending);
  // The power goes at the n-th operation from now that changes the disk; `gone` runs when it has.
  void cut_power_in(uint64_t operations, std::function<void()> gone);
  // Asks the program to end in order, as SIGTERM does. It is down when it says that it is done.
  void stop();
  void pause();
  void resume();
  bool is_stopping() const { return is_stopping_; }
  bool is_paused() const { return is_paused_; }
  // Ever, in this run.
  bool was_started() const { return life_ > 0; }

  SimStore& store() { return *store_; }
  const SimStore& store() const { return *store_; }
  // Falls ill: from now on the program's lines at error level are no wonder, until it is healthy
  // and has started again.
  void ail(Ailment ailment);
  // The n-th call of its disk from now fails, once; it is ill from now on.
  void fail_disk_in(uint64_t calls);
  void wipe();
  // The program must be down.
  void restore_copy();
  // Looks a key up in the store as it is now, past what it would have to wait for. Found views live
  // until the next call on the engine. The program must be up.
  base::Result<storage::Lookup> look_up(const storage::KeyRef& key, storage::EntryView& found);
  void set_drift(Drift drift);
  void jump_wall(std::chrono::milliseconds by) { clock_.jump_wall(by); }
  MachineIndex index() const { return index_; }
  const base::Endpoint& endpoint() const { return config_.endpoint; }
  // Null while the program is down.
  node::Node* node();

 private:
  // Lives from start to crash; its parts go in the reverse of their order.
  struct Program {
    Program(SimNode& host, std::unique_ptr<base::Timers> timers_given,
            std::unique_ptr<storage::Engine> engine_given, uint64_t seed);
    std::unique_ptr<base::Timers> timers;
    std::unique_ptr<storage::Engine> engine;
    node::Node node;
    server::native::NativeFront front;
  };
  struct Withheld {
    std::string bytes;
    MachineEvent event;
  };

  // Of every level: a line says that a rare branch was taken.
  bool is_enabled(base::LogLevel) const override { return true; }
  void write(base::LogLevel level, std::string_view line) override;
  void count_event(std::string_view line);
  // After whatever may have changed the timers: asks the scheduler for the next wake-up.
  void arm();
  void wake(uint64_t alarm);
  // The program's memory and connections are gone.
  void end_program(Ending ending);
  void fail_to_open(const base::Status& why);
  void fail_to_start(const base::Status& why);
  void close_store();
  // After whatever may have used the disk: if its power has gone, the program ends soon.
  void notice_power();
  // After an event: ends the program here if this is the place.
  void take_strike();

  World world_;
  node::Config config_;
  base::Rng rng_;
  SimClock clock_;
  Port port_;
  MachineIndex index_;
  std::unique_ptr<SimStore> store_;
  std::function<void()> power_gone_;
  bool is_ailing_ = false;
  bool is_paused_ = false;
  bool is_stopping_ = false;
  std::deque<Withheld> withheld_;
  uint64_t life_ = 0;  // Counts the programs.
  uint64_t last_alarm_ = 0;
  std::optional<base::MonotonicTime> alarm_at_;
  std::unique_ptr<Program> program_;
};

}  // namespace distkv::sim
