#include "storage/lsm/lsm_engine.h"

#include <algorithm>
#include <utility>

namespace distkv::storage::lsm {

using base::Code;
using base::Result;
using base::Status;

namespace {

// Free chunks kept for the next memtable.
constexpr size_t kMemtablesMax = 4;
// Log that waits for a flush, in memtables: from the first bound on the memtable is flushed though
// small (lone synced writes take a page each), at the second no write is taken.
constexpr uint64_t kLogWanted = 4;
constexpr uint64_t kLogMax = 12;
// Nor is less than this many segments worth a flush.
constexpr uint64_t kLogSegmentsMin = 3;

}  // namespace

Result<std::unique_ptr<LsmEngine>> LsmEngine::open(const Host& host, const Options& options) {
  auto pool =
      std::make_shared<ArenaPool>(kMemtablesMax * options.memtable_bytes / ArenaPool::kChunkBytes);
  auto recovered = recover(host.files, options, pool, host.log);
  if (!recovered.is_ok()) return recovered.status();
  const LogTail tail = recovered->tail;
  auto engine = std::make_unique<LsmEngine>(OpenOnly(), host, options, std::move(pool),
                                            std::move(*recovered));
  if (Status started = engine->start_log(tail); !started.is_ok()) return started;
  return engine;
}

LsmEngine::LsmEngine(OpenOnly, const Host& host, const Options& options,
                     std::shared_ptr<ArenaPool> pool, Recovered recovered)
    : host_(host),
      options_(options),
      lock_(std::move(recovered.lock)),
      pool_(std::move(pool)),
      gate_(recovered.tail.last),
      active_(std::move(recovered.memtables.back())),
      active_floor_(recovered.start.state.log_floor),
      cache_(options.cache_bytes),
      answers_(host.timers, host.clock),
      last_group_(recovered.tail.last) {
  recovered.memtables.pop_back();
  Maintenance::Events events;
  events.debt_changed = [this] {
    const Debt debt = maintenance_->debt();
    debt_ = std::max(debt.runs, debt.bytes);
  };
  events.ticked = [this] { retry_log(); };
  events.rows_purged = [this] { cache_.clear(); };
  events.log_unneeded = [this](SegmentNumber floor) { log_->recycle(floor); };
  options_.new_store = recovered.start.store;
  maintenance_ = std::make_unique<Maintenance>(maintenance_host(), options_,
                                               std::move(recovered.start), std::move(events));
  for (auto& memtable : recovered.memtables) recovered_.push_back(std::move(memtable));
}

Maintenance::Host LsmEngine::maintenance_host() const {
  return {host_.files, host_.background, host_.timers, host_.log};
}

Status LsmEngine::start_log(const LogTail& tail) {
  auto log =
      Log::open(host_.files, log_options_of(options_, options_.new_store), tail, host_.log_thread,
                host_.background, [this](Sequence through, bool is_synced, const Status& status) {
                  written(through, is_synced, status);
                });
  if (!log.is_ok()) return log.status();
  log_ = std::move(*log);
  log_schedule_.emplace(host_.timers, *log_, options_.sync_interval);
  // Only now may flushes end: they recycle the log.
  maintenance_->start();
  for (auto& memtable : std::exchange(recovered_, {})) {
    maintenance_->flush(std::move(memtable), active_floor_);
  }
  // After many short lives, or killed on a full disk: what was replayed goes to tables, and its
  // segments are used again.
  freeze_if_due();
  if (!log_->room().is_ok()) maintenance_->give_up_ballast();
  return Status::ok();
}

LsmEngine::~LsmEngine() = default;

Status LsmEngine::overloaded(const std::string& why) {
  return {Code::kOverloaded, "the store cannot keep up: " + why + "; try again in a moment"};
}

Status LsmEngine::refusal() const {
  if (!gate_.failure().is_ok()) return gate_.failure();
  if (is_closing_) return {Code::kShuttingDown, "the store is closing"};
  if (log_->bytes_waiting() >= options_.pending_bytes_max) {
    return overloaded(std::to_string(log_->bytes_waiting()) + " bytes wait for the log");
  }
  if (line_.size() + held_.size() >= kFetchesMax) {
    return overloaded(std::to_string(line_.size()) + " updates wait for the disk");
  }
  return Status::ok();
}

Status LsmEngine::load_refusal(Space space, bool frees_space) const {
  // The node's own entries are few and small, and keep it working.
  if (space == Space::kNode) return Status::ok();
  if (work_pressure() >= 1) return overloaded("flushes and merges are behind");
  return frees_space ? Status::ok() : space_refusal();
}

Status LsmEngine::space_refusal() const {
  if (Status full = maintenance_->space().refusal(); !full.is_ok()) return full;
  return log_->room();
}

double LsmEngine::work_pressure() const {
  const auto share = [](uint64_t part, uint64_t whole) {
    return static_cast<double>(part) / static_cast<double>(std::max<uint64_t>(whole, 1));
  };
  // One full memtable is being filled at any time; beyond it memory is dirty.
  const uint64_t dirty = maintenance_->frozen_bytes() + active_->bytes();
  const uint64_t excess = dirty - std::min(dirty, options_.memtable_bytes);
  const uint64_t held = log_->bytes_held();
  const uint64_t wanted = log_bytes_wanted();
  return std::min(
      1.0,
      std::max({share(excess, (kMemtablesMax - 1) * options_.memtable_bytes), debt_,
                share(held - std::min(held, wanted), (kLogMax - kLogWanted) * wanted / kLogWanted),
                share(log_->bytes_waiting(), options_.pending_bytes_max)}));
}

uint64_t LsmEngine::log_bytes_wanted() const {
  return std::max(kLogWanted * options_.memtable_bytes, kLogSegmentsMin * options_.segment_bytes);
}

// What was restored must be on disk before what it replaces is given up.
void LsmEngine::heal(std::vector<uint64_t> ids, Done done) {
  sync([this, ids = std::move(ids), done = std::move(done)](const Status& synced) {
    if (!synced.is_ok()) return done(synced);
    maintenance_->purge(ids, done);
  });
}

base::Persistence LsmEngine::persistence(Durability durability) const {
  const bool is_periodic = durability == Durability::kMemory && options_.sync_interval;
  return is_periodic ? base::Persistence::kPeriodic : Engine::persistence(durability);
}

double LsmEngine::pressure() const {
  return std::max(work_pressure(), maintenance_->space().pressure());
}

void LsmEngine::freeze_if_due() {
  // Where no segment can be made, a flush frees those there are.
  const bool is_log_long = maintenance_->frozen().empty() &&
                           (log_->bytes_held() >= log_bytes_wanted() || !log_->room().is_ok());
  if (active_->bytes() >= options_.memtable_bytes || is_log_long) freeze();
}

void LsmEngine::freeze() {
  if (active_->is_empty()) return;
  active_->freeze();
  const auto frozen = std::exchange(active_, std::make_shared<Memtable>(pool_));
  active_floor_ = log_->segment();
  maintenance_->flush(frozen, active_floor_);
}

void LsmEngine::written(Sequence through, bool is_synced, const Status& status) {
  if (!status.is_ok()) {
    gate_.fail({status.code(), "the store has stopped: " + status.message() +
                                   "; mend the disk or free space on it, then restart the node"});
    return answers_.hurry();
  }
  if (is_synced && through > gate_.durable()) gate_.advance(through);
}

void LsmEngine::retry_log() {
  freeze_if_due();
  if (log_->room().is_ok()) return;
  // Whoever closes cannot wait for a disk without room.
  if (is_closing_ && gate_.failure().is_ok()) return gate_.fail(log_->room());
  log_->retry();
}

void LsmEngine::sync(Done done) {
  log_->write_out(true);
  gate_.wait(gate_.visible(), std::move(done));
}

void LsmEngine::close(Done done) {
  is_closing_ = true;
  sync([this, done = std::move(done)](const Status& synced) {
    if (!synced.is_ok()) return maintenance_->stop([done, synced](const Status&) { done(synced); });
    is_log_closing_ = true;
    log_->close([this, done](const Status& closed) {
      maintenance_->stop(
          [done, closed](const Status& stopped) { done(closed.is_ok() ? stopped : closed); });
    });
  });
}

void LsmEngine::checkpoint(const std::string& directory, Done done) {
  if (!gate_.failure().is_ok()) return done(gate_.failure());
  freeze();
  maintenance_->checkpoint(directory, std::move(done));
}

void LsmEngine::settle(std::function<void()> done) {
  freeze();
  maintenance_->settle(std::move(done));
}

Sample LsmEngine::sample() const {
  Sample sample = sample_;
  sample.bytes_pending = log_->bytes_waiting();
  sample.syncs = log_->syncs();
  sample.bytes_on_disk = maintenance_->bytes_in_tables() + log_->bytes_held();
  sample.tables = maintenance_->tables();
  sample.tables_damaged = maintenance_->damaged().size();
  sample.trouble = space_refusal().message();
  if (!gate_.failure().is_ok()) sample.trouble = gate_.failure().message();
  return sample;
}

}  // namespace distkv::storage::lsm
