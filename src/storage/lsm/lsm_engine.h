// The LSM engine: the default store. One owner thread reads and decides; one log thread makes
// groups of writes durable; one background thread flushes and merges; readers fetch what the system
// has not cached. No call waits for any of them.
//
// A key's newest version is looked for in this order: active memtable, frozen ones, object cache,
// tables by age. A read the system can serve from memory is answered within the call; else it
// hops to a reader with the version of its moment. Invariants:
//   - what an update decides is decided on everything decided before it on its key;
//   - no answer shows a kGroup write before it is on disk;
//   - a cached object is never older than the tables: a key's first write into a memtable erases
//   it;
//   - after a failed log write or sync nothing is answered but that failure.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "storage/durability_gate.h"
#include "storage/engine.h"
#include "storage/executor.h"
#include "storage/io/file_system.h"
#include "storage/lsm/cache/object_cache.h"
#include "storage/lsm/line.h"
#include "storage/lsm/log_schedule.h"
#include "storage/lsm/maintenance.h"
#include "storage/lsm/options.h"
#include "storage/lsm/paced_answers.h"
#include "storage/lsm/probe_loan.h"
#include "storage/lsm/recovery.h"
#include "storage/lsm/view.h"
#include "storage/lsm/wal/log.h"

namespace distkv::storage::lsm {

class LsmEngine : public Engine {
 public:
  // All must outlive the engine; the executors must be drained before it goes, after close() was
  // answered. `log_thread` and `background` have one thread each.
  struct Host {
    io::FileSystem& files;
    Executor& log_thread;
    Executor& background;
    Executor& readers;
    base::Timers& timers;
    const base::Clock& clock;
    base::Log& log;
  };

  // Lets open() alone construct.
  struct OpenOnly {
    explicit OpenOnly() = default;
  };

  // Blocks: call it before the loop runs. Errors as recover().
  static base::Result<std::unique_ptr<LsmEngine>> open(const Host& host, const Options& options);
  LsmEngine(OpenOnly, const Host& host, const Options& options, std::shared_ptr<ArenaPool> pool,
            Recovered recovered);
  ~LsmEngine() override;

  base::Result<Lookup> try_get(const KeyRef& key, Part part, EntryView& found) override;
  void get(const KeyRef& key, Part part, GetDone done) override;
  void update(Update update) override;
  void write(std::vector<Write> batch, Durability durability, Done done) override;
  // Freezes what is in memory; what a snapshot pins stays on disk until it goes.
  std::unique_ptr<Snapshot> take_snapshot(const Range& range) override;
  void scan(const Scan& scan, ScanDone done) override;
  // Erases key by key; what is asked for meanwhile waits behind it. A crash within leaves a part.
  void drop_range(const Range& range, Done done) override;
  void sync(Done done) override;
  void close(Done done) override;
  // Hard links: `directory` must be on the same file system and not exist.
  void checkpoint(const std::string& directory, Done done) override;
  std::vector<DamagedRange> damaged() const override { return maintenance_->damaged_ranges(); }
  void heal(std::vector<uint64_t> ids, Done done) override;
  base::Persistence persistence(Durability durability) const override;
  double pressure() const override;
  Sample sample() const override;

  // Everything in memory goes to tables and all merges that are due are done, then `done`. For
  // tests and measurements.
  void settle(std::function<void()> done);
  const Maintenance& maintenance() const { return *maintenance_; }

 private:
  // Where a key's newest version was found.
  struct Seen {
    EntryView entry;
    bool is_erased = false;
    // In a memtable: which, and when it was written. Null: in the tables, durable.
    std::shared_ptr<const Memtable> memtable;
    Sequence written;
    Sequence written_group;
    std::optional<uint64_t> table_hash;  // Of its place, if a table was read.
  };
  // An update that outlives its call.
  struct Waiting {
    std::string key;  // What update.key views.
    Update update;
  };
  // A read on its way to the disk and back.
  struct Fetch {
    std::string key;
    KeyRef ref;
    Part part;
    std::shared_ptr<const Version> version;
    Probe probe;
    base::Result<Lookup> lookup = Lookup::kAbsent;
  };
  struct Dropping {
    Range range;
    std::optional<Cursor> after;
    Done done;
  };

  base::Status start_log(const LogTail& tail);
  Maintenance::Host maintenance_host() const;

  // Updates and reads that wait for a disk; a disk serves some ten thousand a second.
  static constexpr size_t kFetchesMax = 4096;
  static base::Status overloaded(const std::string& why);
  // Why nothing at all can be taken now, ok if it can; for being behind or full; for being full.
  base::Status refusal() const;
  base::Status load_refusal(Space space, bool frees_space) const;
  base::Status space_refusal() const;
  double work_pressure() const;
  uint64_t log_bytes_wanted() const;

  base::Result<Lookup> look_up(const KeyRef& key, Part part, Probe& probe, Seen& seen);
  base::Result<Lookup> look_in_tables(const KeyRef& key, Part part, Probe& probe, Seen& seen);
  std::optional<Lookup> look_in_memory(const KeyRef& key, Seen& seen) const;
  void fetch(const KeyRef& key, Part part, std::function<void(Fetch&)> done);
  void offer(const KeyRef& key, Part part, const Seen& seen);
  void offer_fetched(const Fetch& fetch);

  void get_now(const KeyRef& key, Part part, GetDone done);
  void answer(const Seen& seen, Lookup lookup, const GetDone& done);
  void start_update(const std::shared_ptr<Waiting>& waiting);
  // False: the entry must come from the disk, then the line is released.
  bool try_update(const std::shared_ptr<Waiting>& waiting);
  void release(const std::string& name);
  // Takes the callbacks of `update`. `damage`: what ended the lookup, if it failed.
  void decide(Update& update, const base::Result<Lookup>& lookup, const Seen& seen,
              const Damage& damage);
  void distrust_cache(const Update& update);
  void write_now(const std::vector<Write>& batch, Durability durability, Done done);
  void commit(std::span<const LogWrite> writes, Durability durability,
              const std::function<void()>& visible, Done durable);
  void apply(std::span<const LogWrite> writes, Sequence sequence, Durability durability);

  // Operations behind a batch or a drop that must wait.
  bool is_held() const { return !held_.empty() || dropping_.has_value(); }
  void hold(std::function<bool()> attempt);
  void advance_held();
  void drop_page();
  void finish_drop(const base::Status& status);

  void retry_log();
  void written(Sequence through, bool is_synced, const base::Status& status);
  // Freezes a memtable that is full, or whose log is long.
  void freeze_if_due();
  void freeze();

  Host host_;
  Options options_;
  std::unique_ptr<io::Lock> lock_;
  std::shared_ptr<ArenaPool> pool_;
  DurabilityGate gate_;
  std::shared_ptr<Memtable> active_;
  SegmentNumber active_floor_;  // Replay of the active memtable would start here.
  ObjectCache cache_;
  std::unique_ptr<Maintenance> maintenance_;
  std::unique_ptr<Log> log_;
  std::optional<LogSchedule> log_schedule_;  // Of log_.
  PacedAnswers answers_;
  Line line_;
  std::deque<std::function<bool()>> held_;
  bool is_advancing_held_ = false;
  std::optional<Dropping> dropping_;
  std::vector<std::unique_ptr<Probe>> probes_;        // Free ones; a callback may read in turn.
  std::unique_ptr<Probe> lookup_probe_;               // try_get's, kept until the next call.
  std::vector<std::shared_ptr<Memtable>> recovered_;  // Until the log is open.
  Sequence last_group_;
  double debt_ = 0;  // Of the current version.
  size_t fetches_ = 0;
  size_t scans_ = 0;
  bool is_closing_ = false;      // Nothing new is taken.
  bool is_log_closing_ = false;  // Nor anything decided late.

  Sample sample_;
};

}  // namespace distkv::storage::lsm
