// The memory engine over a journal of simulated delays: no files, so nothing of them fails.
#pragma once

#include <memory>

#include "sim/sim_disk.h"
#include "sim/sim_store.h"

namespace distkv::sim {

class MapStore : public SimStore {
 public:
  MapStore(const StoreHost& host, base::Rng rng);

  void die(Ending) override { disk_.crash(); }
  void set_slow(bool is_slow) override;

 protected:
  base::Result<std::unique_ptr<storage::Engine>> open_engine(base::Timers& timers) override;
  base::Result<Found> read_all() override;
  void clear() override { disk_.wipe(); }

 private:
  SimDisk disk_;
};

}  // namespace distkv::sim
