// One simulated computer with a distkv node on it: the very classes of the real server, over a
// simulated disk, clock and network. It survives its program, which crashes and starts again.
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
#include "sim/sim_disk.h"
#include "sim/sim_network.h"
#include "storage/map/map_engine.h"

namespace distkv::sim {

// Told when a node logs at error level, which no simulated fault justifies.
using OnErrorLine = std::function<void(std::string line)>;

// What nodes share; all outlive them.
struct World {
  Scheduler& scheduler;
  Trace& trace;
  SimNetwork& network;
  OnErrorLine on_error_line;
};

class SimNode : public Machine, private base::Log {
 public:
  SimNode(const World& world, node::Config config, base::Rng rng, DiskObserver& observer);
  ~SimNode() override;

  // ---- Machine.
  bool is_up() const override { return program_ != nullptr; }
  void handle(EventKind kind, std::string_view bytes, const MachineEvent& event) override;

  // ---- The life of the program. Each has no effect where it makes no sense.
  void start();
  // `is_silent`: the power went, no kernel tells the peers.
  void crash(bool is_silent);
  // Asks the program to end in order, as SIGTERM does. It is down when it says that it is done.
  void stop();
  void pause();
  void resume();
  bool is_stopping() const { return is_stopping_; }
  bool is_paused() const { return is_paused_; }
  // Ever, in this run.
  bool was_started() const { return life_ > 0; }

  SimDisk& disk() { return disk_; }
  void set_drift(Drift drift);
  void jump_wall(std::chrono::milliseconds by) { clock_.jump_wall(by); }
  MachineIndex index() const { return index_; }
  const base::Endpoint& endpoint() const { return config_.endpoint; }
  // Null while the program is down.
  node::Node* node();
  storage::Engine* engine();

 private:
  // Lives from start to crash; its parts go in the reverse of their order.
  struct Program {
    Program(SimNode& host, uint64_t seed);
    base::Timers timers;
    storage::map::MapEngine engine;
    node::Node node;
    server::native::NativeFront front;
  };
  struct Withheld {
    std::string bytes;
    MachineEvent event;
  };

  bool is_enabled(base::LogLevel level) const override;
  void write(base::LogLevel level, std::string_view line) override;
  // After whatever may have changed the timers: asks the scheduler for the next wake-up.
  void arm();
  void wake(uint64_t alarm);
  // The program's memory and connections are gone.
  void end_program(bool is_silent);

  World world_;
  node::Config config_;
  base::Rng rng_;
  SimClock clock_;
  Port port_;
  MachineIndex index_;
  SimDisk disk_;
  bool is_paused_ = false;
  bool is_stopping_ = false;
  std::deque<Withheld> withheld_;
  uint64_t life_ = 0;  // Counts the programs.
  uint64_t last_alarm_ = 0;
  std::optional<base::MonotonicTime> alarm_at_;
  std::unique_ptr<Program> program_;
};

}  // namespace distkv::sim
