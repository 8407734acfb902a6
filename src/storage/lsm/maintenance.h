// All that happens behind the foreground: flushes, merges, the manifest, files no longer needed,
// the watch over disk space, scrubbing, checkpoints. The owner's half; one unit of work at a time
// is on the background thread, and after each one the most urgent next is chosen. No foreground
// call ever waits for any of it.
//
// Order that makes a crash harmless: a table's bytes, its directory entry, the manifest's edit, and
// only then the log segments and files it makes superfluous. A failed edit may or may not be on
// disk: its tables are kept and the whole state is written to a fresh manifest until that succeeds.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/timers.h"
#include "storage/engine.h"
#include "storage/executor.h"
#include "storage/lsm/jobs.h"
#include "storage/lsm/manifest/manifest.h"
#include "storage/lsm/options.h"
#include "storage/lsm/purge_job.h"
#include "storage/lsm/space_watch.h"
#include "storage/lsm/version.h"

namespace distkv::storage::lsm {

class Maintenance {
 public:
  // What outlives this object. `background` has one thread.
  struct Host {
    io::FileSystem& files;
    Executor& background;
    base::Timers& timers;
    base::Log& log;
  };
  // What recovery found.
  struct Start {
    StoreId store;
    StoreState state;
    TableSlots slots;
    std::unique_ptr<Manifest> manifest;
  };
  // Told to the engine, on its thread. Each may call back.
  struct Events {
    // debt() may be another.
    std::function<void()> debt_changed;
    // Rows that were read before may be gone.
    std::function<void()> rows_purged;
    // About a second has passed.
    std::function<void()> ticked;
    // Everything before this segment is in tables.
    std::function<void(SegmentNumber)> log_unneeded;
  };

  Maintenance(const Host& host, const Options& options, Start start, Events events);
  ~Maintenance();
  // Work may begin; until then memtables are only taken.
  void start();

  const std::shared_ptr<const Version>& version() const { return version_; }
  // Frozen and not yet in tables, newest first.
  const std::vector<std::shared_ptr<const Memtable>>& frozen() const { return frozen_views_; }
  uint64_t frozen_bytes() const;

  // Takes over a frozen, not empty memtable. Once it is in tables the log is needed from
  // `log_floor` on.
  void flush(std::shared_ptr<const Memtable> memtable, SegmentNumber log_floor);
  // A read or walk met damage: the table takes no part in merges any more. Its sound blocks are
  // still read. It is surveyed; if all its rows turn out to be readable, it is rewritten.
  void quarantine(const Damage& damage, const base::Status& why);
  // See Engine::damaged() and heal(). Only what was surveyed is listed.
  std::vector<DamagedRange> damaged_ranges() const;
  void purge(const std::vector<uint64_t>& ids, Done done);
  // When everything handed to flush() so far is in tables: links them to the new directory.
  void checkpoint(const std::string& directory, Done done);
  // Merges until the picker is content, then `done`. For tests and measurements.
  void settle(std::function<void()> done);
  // The log cannot grow: gives the ballast up if it is still there, then lets the log try again.
  void give_up_ballast();
  // Writes happened: keep an eye on the disk.
  void note_writes() { has_written_ = true; }
  // Starts nothing more; `done` when the unit in flight is over and the manifest is closed. What
  // was not finished is done again after the next open.
  void stop(Done done);

  const StoreState& state() const { return state_; }
  const SpaceWatch& space() const { return space_; }
  const std::set<FileId>& damaged() const { return damaged_; }
  size_t tables() const { return slots_.size(); }
  uint64_t bytes_in_tables() const;
  Debt debt() const { return debt_of(state_, options_.picker, damaged_); }
  uint64_t bytes_flushed() const { return bytes_flushed_; }
  uint64_t bytes_merged() const { return bytes_merged_; }

 private:
  struct Frozen {
    std::shared_ptr<const Memtable> memtable;
    SegmentNumber log_floor;
  };
  struct Purge {
    std::vector<FileId> files;
    Done done;
  };
  struct Checkpoint {
    std::string directory;
    Sequence wanted;  // Everything up to this must be in tables.
    Done done;
  };

  // Chooses and starts the next unit, if none is in flight.
  void advance();
  bool start_next();
  bool start_space_check();
  bool start_install();
  bool start_flush();
  bool start_checkpoint();
  bool start_survey();
  void heal_readable();
  bool start_purge();
  bool start_merge();
  bool start_removal();
  bool start_scrub();
  // Runs `work` on the background thread; `done` with its answer, then advances.
  void run(std::function<base::Status()> work, std::function<void(const base::Status&)> done);
  void run_step(const std::shared_ptr<Job>& job);
  void fail_job(const std::shared_ptr<Job>& job, const base::Status& why);
  void finish_purge(const base::Status& status);
  void installed(const StoreState& next, const base::Status& status);
  void note_space(const SpaceWatch::Reading& reading);
  void tick();
  void retry_later();
  bool finish_stop();
  void refresh_frozen();
  JobIds take_ids();

  Host host_;
  Options options_;
  TableFactory factory_;
  Events events_;
  StoreState state_;
  TableSlots slots_;
  std::unique_ptr<Manifest> manifest_;  // Null after a failed edit. Background's while busy.
  std::shared_ptr<const Version> version_;
  SpaceWatch space_;

  std::deque<Frozen> frozen_;  // Oldest first.
  std::vector<std::shared_ptr<const Memtable>> frozen_views_;
  std::shared_ptr<FlushJob> flush_;
  size_t flushing_ = 0;  // Of frozen_, the oldest, are in flush_.
  std::shared_ptr<MergeJob> merge_;
  std::shared_ptr<Job> installing_;  // Done; its edit is not known to be in the manifest.
  std::deque<Checkpoint> checkpoints_;
  std::deque<FileId> unneeded_;
  std::set<FileId> damaged_;
  DamageMap surveyed_;        // Of damaged_, those that were looked through.
  std::deque<Purge> purges_;  // The first is under way if purge_ is not null.
  std::shared_ptr<PurgeJob> purge_;
  std::vector<std::function<void()>> settling_;
  JobIds next_ids_;

  bool is_started_ = false;
  bool is_busy_ = false;
  bool is_advancing_ = false;
  bool is_waiting_ = false;  // After a failure, for the timer.
  bool has_written_ = false;
  bool is_stopped_ = false;
  std::optional<Done> stopping_;
  base::TimerId retry_timer_;
  base::TimerId tick_timer_;
  bool is_space_check_due_ = false;
  bool is_scrub_due_ = false;
  int quiet_ticks_ = 0;  // Without a write, up to the bound.
  FileId scrub_file_;
  uint64_t scrub_offset_ = 0;
  uint64_t bytes_flushed_ = 0;
  uint64_t bytes_merged_ = 0;
};

}  // namespace distkv::storage::lsm
