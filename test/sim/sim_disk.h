// A disk under the memory engine: batches become durable in groups, in order, after a while; a
// crash loses some of what was not durable yet. It outlives the program that writes to it.
//
// Invariant: what survives is every batch whose `durable` ran, then a whole number of later ones,
// in order.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "sim/chance.h"
#include "sim/scheduler.h"
#include "storage/map/journal.h"

namespace distkv::sim {

class SimDisk : public storage::map::Journal {
 public:
  // Hands the end of a sync to the program, now or later, or never if it is gone.
  using Hand = std::function<void(std::function<void()>)>;

  SimDisk(Scheduler& scheduler, base::Rng rng, Hand hand);

  void append(std::vector<storage::Write> batch, storage::Done durable) override;

  // The program is gone. Of what is not durable a prefix of chance length survives.
  void crash();
  // An empty disk, as after its replacement. The program must be gone.
  void wipe();
  // What a restarted program finds, one write a key.
  std::vector<storage::Write> contents() const;
  void set_sync_delay(Spread delay) { sync_delay_ = delay; }
  size_t pending() const { return pending_.size(); }

 private:
  struct Pending {
    std::vector<storage::Write> batch;
    storage::Done durable;
  };
  using Key = std::tuple<storage::Space, base::Token, std::string>;

  void start_sync();
  void finish_sync(size_t batches);
  void answer(std::vector<storage::Done> group);
  void keep(std::vector<storage::Write> batch);

  Scheduler& scheduler_;
  base::Rng rng_;
  Hand hand_;
  Spread sync_delay_{std::chrono::microseconds(80), std::chrono::microseconds(400)};
  uint64_t life_ = 1;
  bool is_syncing_ = false;
  std::deque<Pending> pending_;
  std::map<Key, storage::Entry> durable_;
};

}  // namespace distkv::sim
