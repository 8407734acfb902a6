// The LSM engine over a simulated file system. Its options are small and drawn, so that flushes,
// merges, recycled log segments and reads that would block all happen within a run; its threads
// are events; its power goes at any operation, also in the middle of a recovery.
#pragma once

#include <memory>

#include "sim/sim_store.h"
#include "storage/io/sim_file_system.h"
#include "storage/lsm/lsm_engine.h"

namespace distkv::sim {

class LsmStore : public SimStore {
 public:
  LsmStore(const StorePlan& plan, const StoreHost& host, base::Rng rng);

  void die(Ending ending) override;
  void set_slow(bool is_slow) override;
  void set_all_cached(bool is_all_cached) override;
  void cut_power_in(uint64_t operations) override;
  void keep_power() override;
  bool is_down() const override { return files_->is_down(); }
  void ail(Ailment ailment) override;
  void fail_call(uint64_t nth) override;
  bool has_failed_call() const override { return files_->faults_struck() > 0; }
  uint64_t calls() const override { return files_->operations() + files_->reads(); }
  void mend() override;
  Ailment ailment() const override { return ailment_; }
  void keep_copy() override;
  bool has_copy() const override { return copy_ != nullptr; }

 protected:
  base::Result<std::unique_ptr<storage::Engine>> open_engine(base::Timers& timers) override;
  base::Result<Found> read_all() override;
  void clear() override;
  void lay_in_copy() override;

 private:
  void lay_in_disk();
  bool rot_table();
  void forget_work();

  storage::lsm::Options options_;
  storage::io::test::CachedReads cached_reads_;
  std::unique_ptr<storage::io::test::SimFileSystem> files_;
  std::unique_ptr<storage::io::test::SimFileSystem> copy_;
  SimExecutor log_thread_;
  SimExecutor background_;
  SimExecutor readers_;
  Ailment ailment_ = Ailment::kNone;
};

}  // namespace distkv::sim
