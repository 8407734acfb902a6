// What clients do all day: a small set of keys so that they meet, reads, writes with and without
// context, deletes, expiry, now and then a large value, with pauses between.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/chance.h"
#include "sim/sim_client.h"
#include "sim/steps.h"

namespace distkv::sim {

// Drawn per seed.
struct WorkloadPlan {
  uint32_t clients = 5;
  std::vector<std::string> keys;
  bool is_hurried = false;  // Hardly any pause, for the first operations.
  // Clients write with the first context they ever got of a key, so that siblings pile up.
  bool is_stubborn = false;
  Spread pause{std::chrono::milliseconds(20), std::chrono::milliseconds(400)};
  Chance is_put{400000};
  Chance is_delete{80000};
  Chance is_blind{300000};
  Chance expires;
  Chance is_large;
  Chance at_one{150000};
  Chance at_all{50000};
  Chance is_plain_read{200000};  // Asks for the newest value alone.
  bool forgets_keys = false;  // Works on a few keys at a time, and comes back to them much later.
  bool has_sessions = false;  // Every other client has one; the others want timelines.
};

WorkloadPlan draw_workload(base::Rng& rng);
// Deletes much, and leaves keys alone for long enough that tombstones of theirs are collected.
void let_tombstones_age(WorkloadPlan& plan);
// Apart from the other draws, so that seeds from before sessions stay what they were.
bool draw_sessions(uint64_t seed);

class Workload {
 public:
  // `steps` outlives this.
  Workload(const ClientWorld& world, WorkloadPlan plan, Steps& steps, base::Rng rng);

  void start();
  // No new operation begins.
  void stop() { is_stopped_ = true; }
  bool is_idle() const;
  const std::vector<std::string>& keys() const { return plan_.keys; }
  // Their places in the network.
  std::vector<MachineIndex> machines() const;

 private:
  void pause_then_run(size_t client);
  const std::string& draw_key(base::Rng& rng) const;
  static std::string what_of(const Request& request);
  Request draw_request(base::Rng& rng) const;
  void draw_write(Request& request, base::Rng& rng) const;

  Scheduler& scheduler_;
  Steps& steps_;
  WorkloadPlan plan_;
  base::Rng rng_;
  std::vector<base::Rng> rngs_;   // One for each client's day.
  std::vector<uint64_t> counts_;  // Of each client's operations.
  uint64_t operations_ = 0;
  bool is_stopped_ = false;
  std::vector<std::unique_ptr<SimClient>> clients_;
};

}  // namespace distkv::sim
