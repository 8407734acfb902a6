#include "storage/lsm/maintenance.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage/lsm/checkpoint.h"

namespace distkv::storage::lsm {

using base::Code;
using base::Result;
using base::Status;

namespace {

// Output of one step: long enough to make the hand-over negligible, short enough (some ten
// milliseconds) for a flush not to wait noticeably behind a merge.
constexpr uint64_t kStepBytes = 2 << 20;
// Disks that fill up or fail rarely recover sooner.
constexpr base::Duration kRetryInterval = std::chrono::milliseconds(500);
// Space given back is seen within this; a look costs some ten microseconds.
constexpr base::Duration kTickInterval = std::chrono::seconds(1);
// Read each tick: 2 MB/s finds damage in 1 TB within six days and is not felt.
constexpr uint64_t kScrubBytes = 2 << 20;
// A store this long without a write uses the time to merge what it would otherwise leave.
constexpr int kQuietTicks = 10;
constexpr double kQuietMergeRatio = 0.25;
// More than any one job makes: 2^20 tables of 64 MiB.
constexpr uint64_t kFileIdsPerJob = 1 << 20;
constexpr uint64_t kRunIdsPerJob = kSpaces;

}  // namespace

Maintenance::Maintenance(const Host& host, const Options& options, Start start, Events events)
    : host_(host),
      options_(options),
      factory_{&host.files, options.directory, start.store, options.table, options.table_bytes},
      events_(std::move(events)),
      state_(std::move(start.state)),
      slots_(std::move(start.slots)),
      manifest_(std::move(start.manifest)),
      version_(std::make_shared<const Version>(state_, slots_)),
      space_(host.files, options.directory, options.ballast_bytes),
      next_ids_{state_.next_file, state_.next_run} {
  space_.note(space_.look());
  for (const auto& [file, slot] : slots_) {
    if (slot->table == nullptr) damaged_.insert(file);
  }
}

void Maintenance::start() {
  is_started_ = true;
  tick_timer_ = host_.timers.start(kTickInterval, [this] { tick(); });
  advance();
}

Maintenance::~Maintenance() {
  host_.timers.stop(retry_timer_);
  host_.timers.stop(tick_timer_);
}

void Maintenance::tick() {
  tick_timer_ = host_.timers.start(kTickInterval, [this] { tick(); });
  const bool has_written = std::exchange(has_written_, false);
  quiet_ticks_ = has_written ? 0 : std::min(quiet_ticks_ + 1, kQuietTicks);
  // Under pressure of space others may make room, for which much waits: whoever writes or not.
  is_space_check_due_ = has_written || space_.pressure() > 0;
  is_scrub_due_ = true;
  events_.ticked();
  heal_readable();
  advance();
}

uint64_t Maintenance::frozen_bytes() const {
  uint64_t bytes = 0;
  for (const Frozen& frozen : frozen_) bytes += frozen.memtable->bytes();
  return bytes;
}

uint64_t Maintenance::bytes_in_tables() const {
  uint64_t bytes = 0;
  for (const auto& [file, slot] : slots_) bytes += slot->summary.bytes;
  return bytes;
}

void Maintenance::refresh_frozen() {
  frozen_views_.clear();
  for (auto frozen = frozen_.rbegin(); frozen != frozen_.rend(); ++frozen) {
    frozen_views_.push_back(frozen->memtable);
  }
}

void Maintenance::flush(std::shared_ptr<const Memtable> memtable, SegmentNumber log_floor) {
  DISTKV_CHECK(memtable->is_frozen() && !memtable->is_empty());
  frozen_.push_back({std::move(memtable), log_floor});
  refresh_frozen();
  advance();
}

void Maintenance::quarantine(const Damage& damage, const Status& why) {
  // A reader may still hold a table that is gone.
  if (!damage.file || !slots_.contains(*damage.file)) return;
  if (!damaged_.insert(*damage.file).second) return;
  host_.log.error("table_damaged", {{"table", options_.directory + "/" + table_name(*damage.file)},
                                    {"why", why.to_string()}});
  events_.debt_changed();
  advance();
}

std::vector<DamagedRange> Maintenance::damaged_ranges() const {
  std::vector<DamagedRange> ranges;
  for (const auto& [file, spans] : surveyed_) {
    const Space space = slots_.at(file)->summary.space;
    for (const TokenSpan& span : spans) {
      ranges.push_back({{space, span.first, span.last}, file.value()});
    }
  }
  return ranges;
}

void Maintenance::purge(const std::vector<uint64_t>& ids, Done done) {
  if (stopping_) return done({Code::kShuttingDown, "the store is closing"});
  Purge& purge = purges_.emplace_back(Purge{{}, std::move(done)});
  for (const uint64_t id : ids) purge.files.push_back(FileId{id});
  advance();
}

void Maintenance::checkpoint(const std::string& directory, Done done) {
  if (stopping_) return done({Code::kShuttingDown, "the store is closing"});
  const Sequence wanted = frozen_.empty() ? state_.flushed : frozen_.back().memtable->last();
  checkpoints_.push_back({directory, wanted, std::move(done)});
  advance();
}

void Maintenance::settle(std::function<void()> done) {
  settling_.push_back(std::move(done));
  advance();
}

void Maintenance::stop(Done done) {
  DISTKV_CHECK(!stopping_);
  stopping_ = std::move(done);
  host_.timers.stop(retry_timer_);
  host_.timers.stop(tick_timer_);
  advance();
}

void Maintenance::advance() {
  if (!is_started_ || is_advancing_)
    return;  // An executor that works at once: the loop below goes on.
  is_advancing_ = true;
  while (!is_busy_ && start_next()) continue;
  is_advancing_ = false;
  if (is_busy_ || stopping_) return;
  for (auto& done : std::exchange(settling_, {})) done();
}

bool Maintenance::start_next() {
  if (stopping_) return finish_stop();
  if (start_space_check()) return true;
  if (!is_waiting_ && (start_install() || start_checkpoint() || start_flush() || start_survey() ||
                       start_purge() || start_merge())) {
    return true;
  }
  return start_removal() || start_scrub();
}

bool Maintenance::finish_stop() {
  if (is_stopped_) return false;
  is_stopped_ = true;
  for (Checkpoint& checkpoint : std::exchange(checkpoints_, {})) {
    checkpoint.done({Code::kShuttingDown, "the store is closing"});
  }
  for (Purge& purge : std::exchange(purges_, {})) {
    purge.done({Code::kShuttingDown, "the store is closing"});
  }
  is_busy_ = true;
  const auto status = std::make_shared<Status>();
  host_.background.run(
      [this, status] {
        if (manifest_ != nullptr) *status = manifest_->close();
      },
      [this, status] { (*stopping_)(*status); });
  return true;
}

void Maintenance::run(std::function<Status()> work, std::function<void(const Status&)> done) {
  is_busy_ = true;
  const auto status = std::make_shared<Status>();
  host_.background.run([work = std::move(work), status] { *status = work(); },
                       [this, status, done = std::move(done)] {
                         is_busy_ = false;
                         done(*status);
                         advance();
                       });
}

void Maintenance::retry_later() {
  is_waiting_ = true;
  if (stopping_) return;
  retry_timer_ = host_.timers.start(kRetryInterval, [this] {
    is_waiting_ = false;
    advance();
  });
}

bool Maintenance::start_space_check() {
  if (!is_space_check_due_) return false;
  is_space_check_due_ = false;
  const auto reading = std::make_shared<SpaceWatch::Reading>();
  run([this, reading] { return (*reading = space_.look()).status; },
      [this, reading](const Status&) { note_space(*reading); });
  return true;
}

void Maintenance::note_space(const SpaceWatch::Reading& reading) {
  const bool was_full = space_.is_full();
  space_.note(reading);
  if (space_.is_full() && !was_full) {
    host_.log.error("disk_full", {{"why", space_.refusal().message()}});
  } else if (!space_.is_full() && was_full) {
    host_.log.info("disk_has_room", {{"bytes_free", reading.bytes_free}});
  }
}

JobIds Maintenance::take_ids() {
  const JobIds ids = next_ids_;
  next_ids_ = {FileId{ids.file.value() + kFileIdsPerJob}, RunId{ids.run.value() + kRunIdsPerJob}};
  return ids;
}

bool Maintenance::start_flush() {
  if (flush_ == nullptr && !frozen_.empty()) {
    // Small ones, as snapshots leave them, go together.
    std::vector<std::shared_ptr<const Memtable>> memtables;
    uint64_t bytes = 0;
    for (const Frozen& frozen : frozen_) {
      bytes += frozen.memtable->bytes();
      if (!memtables.empty() && bytes > options_.memtable_bytes) break;
      memtables.insert(memtables.begin(), frozen.memtable);
    }
    flushing_ = memtables.size();
    flush_ = std::make_shared<FlushJob>(factory_, std::move(memtables), take_ids());
  }
  if (flush_ == nullptr) return false;
  run_step(flush_);
  return true;
}

bool Maintenance::start_merge() {
  if (merge_ == nullptr) {
    PickerOptions wanted = options_.picker;
    if (quiet_ticks_ == kQuietTicks) {
      wanted.merge_ratio = std::min(wanted.merge_ratio, kQuietMergeRatio);
    }
    const auto picked = pick(state_, wanted, damaged_);
    if (!picked) return false;
    merge_ = std::make_shared<MergeJob>(factory_, version_, state_, *picked, take_ids());
  }
  run_step(merge_);
  return true;
}

// One unit: a table is read in a fraction of a second, and damage is rare.
bool Maintenance::start_survey() {
  const auto next = std::find_if(damaged_.begin(), damaged_.end(),
                                 [this](FileId file) { return !surveyed_.contains(file); });
  if (next == damaged_.end()) return false;
  const auto spans = std::make_shared<std::vector<TokenSpan>>();
  run(
      [slot = slots_.at(*next), spans] {
        *spans = survey_damage(*slot);
        return Status::ok();
      },
      [this, file = *next, spans](const Status&) { surveyed_[file] = std::move(*spans); });
  return true;
}

// Where all rows are sound and only the file is not, a copy of them heals it.
void Maintenance::heal_readable() {
  if (!purges_.empty()) return;
  for (const auto& [file, spans] : surveyed_) {
    if (spans.empty()) return purges_.push_back({{file}, [](const Status&) {}});
  }
}

bool Maintenance::start_purge() {
  while (purge_ == nullptr && merge_ == nullptr && !purges_.empty()) {
    DamageMap damage;
    for (FileId file : purges_.front().files) {
      const auto surveyed = surveyed_.find(file);
      if (surveyed != surveyed_.end()) damage.insert(*surveyed);  // Else it is gone already.
    }
    if (damage.empty()) {
      finish_purge(Status::ok());
      continue;
    }
    purge_ = std::make_shared<PurgeJob>(factory_, version_, slots_, state_, std::move(damage),
                                        take_ids());
  }
  if (purge_ == nullptr) return false;
  run_step(purge_);
  return true;
}

void Maintenance::finish_purge(const Status& status) {
  const Purge purge = std::move(purges_.front());
  purges_.pop_front();
  purge_.reset();
  purge.done(status);
}

void Maintenance::run_step(const std::shared_ptr<Job>& job) {
  const auto is_done = std::make_shared<bool>(false);
  run(
      [job, is_done] {
        auto stepped = job->step(kStepBytes);
        if (!stepped.is_ok()) {
          job->abandon();
          return stepped.status();
        }
        *is_done = *stepped;
        return Status::ok();
      },
      [this, job, is_done](const Status& status) {
        if (!status.is_ok()) return fail_job(job, status);
        if (*is_done) installing_ = job;
      });
}

void Maintenance::fail_job(const std::shared_ptr<Job>& job, const Status& why) {
  if (job == purge_) {
    // Whoever asked for it asks again. What it met is looked through once more.
    if (job->damaged()) surveyed_.erase(*job->damaged());
    finish_purge(why);
    return quarantine({job->damaged()}, why);
  }
  const bool is_flush = job == flush_;
  flush_ = is_flush ? nullptr : flush_;
  merge_ = is_flush ? merge_ : nullptr;
  if (job->damaged()) {
    // Without the damaged table the picker finds other work; nothing to wait for.
    return quarantine({job->damaged()}, why);
  }
  host_.log.warn(is_flush ? "flush_failed" : "merge_failed", {{"why", why.to_string()}});
  if (why.code() == Code::kNoSpace && space_.has_ballast()) return give_up_ballast();
  retry_later();
}

void Maintenance::give_up_ballast() {
  if (is_busy_ || !space_.has_ballast())
    return;  // Busy: a flush that finds no room will ask again.
  const auto reading = std::make_shared<SpaceWatch::Reading>();
  is_busy_ = true;
  host_.background.run([this, reading] { *reading = space_.give_up(); },
                       [this, reading] {
                         is_busy_ = false;
                         note_space(*reading);
                         events_.log_unneeded(state_.log_floor);
                         advance();
                       });
}

bool Maintenance::start_install() {
  if (installing_ == nullptr) return false;
  Edit edit = installing_->edit();
  if (installing_ == flush_) edit.log_floor = frozen_[flushing_ - 1].log_floor;
  const auto next = std::make_shared<StoreState>(state_);
  const Status applied = apply(edit, *next);
  DISTKV_CHECK(applied.is_ok());
  run(
      [this, edit, next] {
        if (Status synced = host_.files.sync_directory(options_.directory); !synced.is_ok()) {
          return synced;
        }
        if (manifest_ != nullptr && !manifest_->is_long()) {
          Status added = manifest_->add(edit);
          if (!added.is_ok()) manifest_.reset();
          return added;
        }
        auto started = Manifest::start(host_.files, options_.directory, factory_.store, *next);
        if (!started.is_ok()) return started.status();
        manifest_ = std::move(*started);
        return Status::ok();
      },
      [this, next](const Status& status) { installed(*next, status); });
  return true;
}

void Maintenance::installed(const StoreState& next, const Status& status) {
  if (!status.is_ok()) {
    host_.log.warn("manifest_failed", {{"why", status.to_string()}});
    if (status.code() == Code::kNoSpace && space_.has_ballast()) return give_up_ballast();
    return retry_later();
  }
  const auto job = std::exchange(installing_, nullptr);
  for (MadeTable& made : job->tables()) {
    slots_[made.summary.file] =
        std::make_shared<const TableSlot>(TableSlot{made.summary, std::move(made.table), {}});
  }
  for (FileId file : dropped_files(state_, next)) {
    slots_.erase(file);
    damaged_.erase(file);
    surveyed_.erase(file);
    unneeded_.push_back(file);
  }
  state_ = next;
  version_ = std::make_shared<const Version>(state_, slots_);
  if (job == flush_) {
    bytes_flushed_ += job->bytes_written();
    flush_.reset();
    frozen_.erase(frozen_.begin(), frozen_.begin() + static_cast<std::ptrdiff_t>(flushing_));
    refresh_frozen();
    events_.log_unneeded(state_.log_floor);
  } else if (job == purge_) {
    host_.log.info("damage_purged", {{"tables", purges_.front().files.size()},
                                     {"rows_dropped", purge_->rows_dropped()}});
    events_.rows_purged();
  } else {
    bytes_merged_ += job->bytes_written();
    merge_.reset();
  }
  events_.debt_changed();
  if (job == purge_) finish_purge(Status::ok());
}

bool Maintenance::start_checkpoint() {
  if (checkpoints_.empty() || checkpoints_.front().wanted > state_.flushed) return false;
  const auto checkpoint = std::make_shared<Checkpoint>(std::move(checkpoints_.front()));
  checkpoints_.pop_front();
  run(
      [this, checkpoint, state = state_] {
        return link_checkpoint(host_.files, options_.directory, checkpoint->directory,
                               factory_.store, state);
      },
      [checkpoint](const Status& status) { checkpoint->done(status); });
  return true;
}

bool Maintenance::start_removal() {
  if (unneeded_.empty()) return false;
  // One at a time: unlinking large files in a row stalls the disk for everybody.
  const std::string path = options_.directory + "/" + table_name(unneeded_.front());
  unneeded_.pop_front();
  run([this, path] { return host_.files.remove(path); },
      [this, path](const Status& status) {
        // The next open removes what no manifest names.
        if (!status.is_ok()) host_.log.warn("remove_failed", {{"why", status.to_string()}});
      });
  return true;
}

bool Maintenance::start_scrub() {
  if (!std::exchange(is_scrub_due_, false) || slots_.empty()) return false;
  auto next = slots_.lower_bound(scrub_file_);
  if (next == slots_.end()) next = slots_.begin();
  if (next->first != scrub_file_) scrub_offset_ = 0;
  scrub_file_ = next->first;
  if (next->second->table == nullptr) {
    scrub_file_ = FileId{scrub_file_.value() + 1};
    return false;
  }
  const auto table = next->second->table;
  const auto offset = std::make_shared<uint64_t>(scrub_offset_);
  run([table, offset] { return table->scrub(*offset, kScrubBytes); },
      [this, table, offset](const Status& status) {
        if (!status.is_ok()) quarantine({table->summary().file}, status);
        scrub_offset_ = *offset;
        if (!status.is_ok() || *offset >= table->summary().bytes) {
          scrub_file_ = FileId{table->summary().file.value() + 1};
          scrub_offset_ = 0;
        }
      });
  return true;
}

}  // namespace distkv::storage::lsm
