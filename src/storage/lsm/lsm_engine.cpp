#include "storage/lsm/lsm_engine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::storage::lsm {

using base::Code;
using base::Result;
using base::Status;

namespace {

// Reads and updates that wait for a disk; a disk serves some ten thousand a second.
constexpr size_t kFetchesMax = 4096;
// Scans under way; each reads up to a page of every run.
constexpr size_t kScansMax = 64;
// Gathered kMemory writes go to the system at this size, or after this long.
constexpr uint64_t kGatherBytes = 256 << 10;
constexpr base::Duration kGatherTime = std::chrono::milliseconds(10);
// One turn's kGroup writes start for the disk at once beyond this; a frame this large is efficient.
constexpr uint64_t kTurnBytesMax = 1 << 20;
// Free chunks kept for the next memtable.
constexpr size_t kMemtablesMax = 4;
// Log that waits for a flush, in memtables: from the first bound on the memtable is flushed though
// small (lone synced writes take a page each), at the second no write is taken.
constexpr uint64_t kLogWanted = 4;
constexpr uint64_t kLogMax = 12;
// Nor is less than this many segments worth a flush.
constexpr uint64_t kLogSegmentsMin = 3;
constexpr size_t kDropPageItems = 1024;

Status overloaded(const std::string& why) {
  return {Code::kOverloaded, "the store cannot keep up: " + why + "; try again in a moment"};
}

class LsmSnapshot : public Snapshot {
 public:
  LsmSnapshot(View view, Sequence wait) : view_(std::move(view)), wait_(wait) {}
  const View& view() const { return view_; }
  Sequence wait() const { return wait_; }

 private:
  View view_;
  Sequence wait_;
};

}  // namespace

// A probe for the length of a call and its callbacks, which may need others.
class LsmEngine::ProbeLoan {
 public:
  explicit ProbeLoan(std::vector<std::unique_ptr<Probe>>& free) : free_(free) {
    if (free_.empty()) free_.push_back(std::make_unique<Probe>());
    probe_ = std::move(free_.back());
    free_.pop_back();
    probe_->damage = {};
  }
  ~ProbeLoan() { free_.push_back(std::move(probe_)); }
  ProbeLoan(const ProbeLoan&) = delete;
  ProbeLoan& operator=(const ProbeLoan&) = delete;
  Probe& operator*() { return *probe_; }

 private:
  std::vector<std::unique_ptr<Probe>>& free_;
  std::unique_ptr<Probe> probe_;
};

Result<std::unique_ptr<LsmEngine>> LsmEngine::open(const Host& host, const Options& options) {
  auto pool =
      std::make_shared<ArenaPool>(kMemtablesMax * options.memtable_bytes / ArenaPool::kChunkBytes);
  auto recovered = recover(host.files, options, pool, host.log);
  if (!recovered.is_ok()) return recovered.status();
  const LogTail tail = recovered->tail;
  std::unique_ptr<LsmEngine> engine(
      new LsmEngine(host, options, std::move(pool), std::move(*recovered)));
  if (Status started = engine->start_log(tail); !started.is_ok()) return started;
  return engine;
}

LsmEngine::LsmEngine(const Host& host, const Options& options, std::shared_ptr<ArenaPool> pool,
                     Recovered recovered)
    : host_(host),
      options_(options),
      lock_(std::move(recovered.lock)),
      pool_(std::move(pool)),
      gate_(recovered.tail.last),
      active_(std::move(recovered.memtables.back())),
      active_floor_(recovered.start.state.log_floor),
      cache_(options.cache_bytes),
      last_group_(recovered.tail.last) {
  recovered.memtables.pop_back();
  Maintenance::Events events;
  events.version_changed = [this] {
    const Debt debt = maintenance_->debt();
    debt_ = std::max(debt.runs, debt.bytes);
  };
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
  // Only now may flushes end: they recycle the log.
  maintenance_->start();
  for (auto& memtable : std::exchange(recovered_, {})) {
    maintenance_->flush(std::move(memtable), active_floor_);
  }
  if (!log_->room().is_ok()) {
    // Killed on a full disk: what was replayed goes to tables, and its segments are used again.
    freeze();
    maintenance_->give_up_ballast();
  }
  return Status::ok();
}

LsmEngine::~LsmEngine() {
  host_.timers.stop(paced_timer_);
  host_.timers.stop(turn_timer_);
  host_.timers.stop(memory_timer_);
  host_.timers.stop(sync_timer_);
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
  if (work_pressure() >= 1) return overloaded("flushes and merges are behind");
  return Status::ok();
}

Status LsmEngine::space_refusal(Space space, bool frees_space) const {
  // The node's own entries are few and small, and keep it working.
  if (frees_space || space == Space::kNode) return Status::ok();
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

double LsmEngine::pressure() const {
  return std::max(work_pressure(), maintenance_->space().pressure());
}

std::optional<Lookup> LsmEngine::look_in_memory(const KeyRef& key, Seen& seen) const {
  const auto take = [&](const std::shared_ptr<const Memtable>& memtable) -> std::optional<Lookup> {
    const auto version = memtable->find(key);
    if (!version) return std::nullopt;
    seen = {version->entry, version->is_erased, memtable, version->written, version->written_group};
    return version->is_erased ? Lookup::kAbsent : Lookup::kFound;
  };
  if (const auto found = take(active_)) return found;
  for (const auto& memtable : maintenance_->frozen()) {
    if (const auto found = take(memtable)) return found;
  }
  return std::nullopt;
}

Result<Lookup> LsmEngine::look_up(const KeyRef& key, Part part, Probe& probe, Seen& seen) {
  if (const auto found = look_in_memory(key, seen)) return *found;
  return look_in_tables(key, part, probe, seen);
}

Result<Lookup> LsmEngine::look_in_tables(const KeyRef& key, Part part, Probe& probe, Seen& seen) {
  const uint64_t hash = hash_of(PlaceView{key.token, key.key});
  if (const auto cached = cache_.find(hash, key)) {
    // Copied, since what a callback writes may move the ring on.
    probe.scratch.block.assign(cached->meta).append(cached->value);
    const std::string_view copy = probe.scratch.block;
    seen.entry = {copy.substr(0, cached->meta.size()), copy.substr(cached->meta.size())};
    return Lookup::kFound;
  }
  auto found = maintenance_->version()->find(key, hash, part, Wait::kCached, probe);
  if (!found.is_ok()) {
    maintenance_->quarantine(probe.damage, found.status());
    return found;
  }
  if (*found != Lookup::kFound) return found;
  if (probe.row.is_erased) return Lookup::kAbsent;
  seen.entry = {probe.row.meta, probe.row.value};
  if (part == Part::kAll) cache_.offer(hash, key, seen.entry);
  return found;
}

void LsmEngine::fetch(const KeyRef& key, Part part, std::function<void(Fetch&)> done) {
  const auto fetch = std::make_shared<Fetch>();
  fetch->key = key.key;
  fetch->ref = {key.space, key.token, fetch->key};
  fetch->part = part;
  fetch->version = maintenance_->version();
  ++fetches_;
  host_.readers.run(
      [fetch] {
        const uint64_t hash = hash_of(PlaceView{fetch->ref.token, fetch->ref.key});
        fetch->lookup =
            fetch->version->find(fetch->ref, hash, fetch->part, Wait::kBlocking, fetch->probe);
      },
      [this, fetch, done = std::move(done)] {
        --fetches_;
        if (!fetch->lookup.is_ok()) {
          maintenance_->quarantine(fetch->probe.damage, fetch->lookup.status());
        }
        done(*fetch);
      });
}

Result<Lookup> LsmEngine::try_get(const KeyRef& key, Part part, EntryView& found) {
  if (!gate_.failure().is_ok()) return gate_.failure();
  if (is_held() || line_.holds(key)) return Lookup::kWouldBlock;
  if (lookup_probe_ == nullptr) lookup_probe_ = std::make_unique<Probe>();
  Seen seen;
  auto lookup = look_up(key, part, *lookup_probe_, seen);
  if (!lookup.is_ok() || *lookup == Lookup::kWouldBlock) return lookup;
  if (!gate_.is_durable(seen.written_group)) return Lookup::kWouldBlock;
  ++sample_.reads;
  found = seen.entry;
  return lookup;
}

void LsmEngine::get(const KeyRef& key, Part part, GetDone done) {
  if (!gate_.failure().is_ok()) return done(gate_.failure());
  ++sample_.reads;
  if (!is_held() && !line_.holds(key)) return get_now(key, part, std::move(done));
  if (line_.size() + held_.size() >= kFetchesMax) return done(overloaded("too many reads wait"));
  const KeyRef place{key.space, key.token, {}};
  auto attempt = [this, place, name = std::string(key.key), part, done = std::move(done)] {
    get_now({place.space, place.token, name}, part, done);
    return true;
  };
  if (is_held()) {
    return hold([this, name = Line::name_of(key), owned = std::string(key.key), place, attempt] {
      if (line_.holds({place.space, place.token, owned})) {
        line_.join(name, attempt);
      } else {
        attempt();
      }
      return true;
    });
  }
  line_.join(Line::name_of(key), std::move(attempt));
}

void LsmEngine::get_now(const KeyRef& key, Part part, GetDone done) {
  ProbeLoan probe(probes_);
  Seen seen;
  const auto lookup = look_up(key, part, *probe, seen);
  if (!lookup.is_ok()) return done(lookup.status());
  if (*lookup != Lookup::kWouldBlock) return answer(seen, *lookup, done);
  if (fetches_ >= kFetchesMax) return done(overloaded("too many reads wait for the disk"));
  fetch(key, part, [this, done = std::move(done)](Fetch& fetch) {
    if (!gate_.failure().is_ok()) return done(gate_.failure());
    if (!fetch.lookup.is_ok()) return done(fetch.lookup.status());
    const Row& row = fetch.probe.row;
    if (*fetch.lookup == Lookup::kAbsent || row.is_erased) return done({std::nullopt});
    offer(fetch);
    done({EntryView{row.meta, row.value}});
  });
}

void LsmEngine::offer(const Fetch& fetch) {
  // Only what is still the newest: nothing was flushed since, and nothing is in memory.
  Seen ignored;
  if (fetch.part != Part::kAll || fetch.version != maintenance_->version()) return;
  if (look_in_memory(fetch.ref, ignored)) return;
  cache_.offer(hash_of(PlaceView{fetch.ref.token, fetch.ref.key}), fetch.ref,
               {fetch.probe.row.meta, fetch.probe.row.value});
}

void LsmEngine::answer(const Seen& seen, Lookup lookup, const GetDone& done) {
  const auto entry = lookup == Lookup::kFound ? std::optional<EntryView>(seen.entry) : std::nullopt;
  if (gate_.is_durable(seen.written_group)) return done(entry);
  // The views are the memtable's, which the waiter keeps.
  gate_.wait(seen.written_group, [memtable = seen.memtable, entry, done](const Status& status) {
    if (!status.is_ok()) return done(status);
    done(entry);
  });
}

void LsmEngine::update(Update update) {
  Status refused = refusal();
  if (refused.is_ok()) refused = space_refusal(update.key.space, update.frees_space);
  if (!refused.is_ok()) return update.durable(refused);
  if (!is_held() && !line_.holds(update.key)) {
    ProbeLoan probe(probes_);
    Seen seen;
    distrust_cache(update);
    const auto lookup = look_up(update.key, Part::kAll, *probe, seen);
    if (!lookup.is_ok() || *lookup != Lookup::kWouldBlock) {
      return decide(update, lookup, seen, (*probe).damage);
    }
  }
  const auto waiting = std::make_shared<Waiting>(Waiting{std::string(update.key.key), {}});
  waiting->update = std::move(update);
  waiting->update.key.key = waiting->key;
  if (is_held()) {
    return hold([this, waiting] {
      start_update(waiting);
      return true;
    });
  }
  start_update(waiting);
}

void LsmEngine::start_update(const std::shared_ptr<Waiting>& waiting) {
  const std::string name = Line::name_of(waiting->update.key);
  if (line_.holds(waiting->update.key)) {
    return line_.join(name, [this, waiting] { return try_update(waiting); });
  }
  line_.open(name);
  if (try_update(waiting)) release(name);
}

bool LsmEngine::try_update(const std::shared_ptr<Waiting>& waiting) {
  const Update& update = waiting->update;
  ProbeLoan probe(probes_);
  Seen seen;
  distrust_cache(update);
  const auto lookup = look_up(update.key, Part::kAll, *probe, seen);
  if (!lookup.is_ok() || *lookup != Lookup::kWouldBlock) {
    decide(update, lookup, seen, (*probe).damage);
    return true;
  }
  fetch(update.key, Part::kAll, [this, waiting](Fetch& fetch) {
    Seen found;
    Result<Lookup> result = fetch.lookup;
    if (const auto newer = look_in_memory(fetch.ref, found)) {
      result = *newer;
    } else if (result.is_ok() && *result == Lookup::kFound) {
      found.entry = {fetch.probe.row.meta, fetch.probe.row.value};
      if (fetch.probe.row.is_erased) result = Lookup::kAbsent;
    }
    decide(waiting->update, result, found, fetch.probe.damage);
    release(Line::name_of(waiting->update.key));
  });
  return false;
}

void LsmEngine::release(const std::string& name) {
  line_.release(name);
  advance_held();
}

// What it keeps must be in a table that can be read, not in the cache alone.
void LsmEngine::distrust_cache(const Update& update) {
  if (update.replaces_damaged.empty()) return;
  cache_.erase(hash_of(PlaceView{update.key.token, update.key.key}), update.key);
}

void LsmEngine::decide(const Update& update, const Result<Lookup>& lookup, const Seen& seen,
                       const Damage& damage) {
  if (!gate_.failure().is_ok()) return update.durable(gate_.failure());
  if (!lookup.is_ok()) {
    const std::vector<uint64_t>& replaced = update.replaces_damaged;
    const bool is_replaced = damage.file && std::find(replaced.begin(), replaced.end(),
                                                      damage.file->value()) != replaced.end();
    if (!is_replaced) return update.durable(lookup.status());
  }
  // It came back from the disk too late.
  if (is_log_closing_) return update.durable({Code::kShuttingDown, "the store is closing"});
  const bool is_found = lookup.is_ok() && *lookup == Lookup::kFound;
  const Decision decision = update.decide(is_found ? &seen.entry : nullptr);
  if (decision.action == Decision::Action::kKeep) {
    const bool waits = update.durability == Durability::kGroup;
    // What was seen may be visible only; a sync may not be under way if it was kMemory.
    if (waits && !gate_.is_durable(seen.written)) write_soon(Durability::kGroup);
    if (update.visible) update.visible();
    return gate_.wait(waits ? seen.written : Sequence{}, update.durable);
  }
  const bool is_put = decision.action == Decision::Action::kPut;
  const EntryView entry{decision.entry.meta, decision.entry.value};
  const LogWrite write{update.key, is_put ? &entry : nullptr};
  commit({&write, 1}, update.durability, update.visible, update.durable);
}

void LsmEngine::write(std::vector<Write> batch, Durability durability, Done done) {
  Status refused = refusal();
  for (size_t i = 0; refused.is_ok() && i < batch.size(); ++i) {
    refused = space_refusal(batch[i].space, !batch[i].entry.has_value());
  }
  if (!refused.is_ok()) return done(refused);
  if (batch.empty()) return gate_.wait(Sequence{}, std::move(done));
  if (!is_held() && line_.is_empty()) return write_now(batch, durability, std::move(done));
  // Behind whatever waits for one of its keys.
  const auto waiting = std::make_shared<std::vector<Write>>(std::move(batch));
  hold([this, waiting, durability, done = std::move(done)] {
    for (const Write& write : *waiting) {
      if (line_.holds({write.space, write.token, write.key})) return false;
    }
    write_now(*waiting, durability, done);
    return true;
  });
}

void LsmEngine::write_now(const std::vector<Write>& batch, Durability durability, Done done) {
  std::vector<EntryView> entries(batch.size());
  std::vector<LogWrite> writes(batch.size());
  for (size_t i = 0; i < batch.size(); ++i) {
    const Write& write = batch[i];
    if (write.entry) entries[i] = {write.entry->meta, write.entry->value};
    writes[i] = {{write.space, write.token, write.key}, write.entry ? &entries[i] : nullptr};
  }
  commit(writes, durability, nullptr, std::move(done));
}

void LsmEngine::commit(std::span<const LogWrite> writes, Durability durability,
                       const std::function<void()>& visible, Done durable) {
  uint64_t bytes = 0;
  for (const LogWrite& write : writes) bytes += Log::bytes_of(write);
  if (!gate_.failure().is_ok()) return durable(gate_.failure());
  if (is_log_closing_) return durable({Code::kShuttingDown, "the store is closing"});
  if (bytes > commit_bytes_max(options_)) {
    return durable({Code::kTooLarge, std::to_string(bytes) + " bytes in one write; the log takes " +
                                         std::to_string(commit_bytes_max(options_))});
  }
  const Sequence sequence = gate_.next();
  apply(writes, sequence, durability);
  const bool waits = durability == Durability::kGroup;
  if (waits) last_group_ = sequence;
  Done answer = paced(std::move(durable), bytes);
  gate_.hold();
  if (waits) gate_.wait(sequence, std::move(answer));
  write_soon(durability);
  gate_.release();
  if (visible) visible();
  gate_.deliver();
  if (!waits) answer(gate_.failure());
}

void LsmEngine::apply(std::span<const LogWrite> writes, Sequence sequence, Durability durability) {
  log_->append(sequence, writes);
  for (const LogWrite& write : writes) {
    const bool was_here = active_->put(write.key, write.entry, sequence, durability);
    if (!was_here) cache_.erase(hash_of(PlaceView{write.key.token, write.key.key}), write.key);
  }
  sample_.writes += writes.size();
  maintenance_->note_writes();
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

void LsmEngine::write_soon(Durability durability) {
  const bool is_group = durability == Durability::kGroup;
  if (log_->bytes_waiting() >= (is_group ? kTurnBytesMax : kGatherBytes)) {
    log_->write_out(is_group);
  } else if (is_group && !is_turn_set_) {
    // At the end of the turn: its writes share one frame.
    is_turn_set_ = true;
    turn_timer_ = host_.timers.start(base::Duration::zero(), [this] {
      is_turn_set_ = false;
      log_->write_out(true);
    });
  } else if (!is_group && !is_memory_set_) {
    is_memory_set_ = true;
    memory_timer_ = host_.timers.start(kGatherTime, [this] {
      is_memory_set_ = false;
      log_->write_out(false);
    });
  }
  if (!is_group && options_.sync_interval && !is_sync_set_) {
    is_sync_set_ = true;
    sync_timer_ = host_.timers.start(*options_.sync_interval, [this] {
      is_sync_set_ = false;
      log_->write_out(true);
    });
  }
}

void LsmEngine::written(Sequence through, bool is_synced, const Status& status) {
  if (!status.is_ok()) {
    return gate_.fail({status.code(), "the store has stopped: " + status.message() +
                                          "; mend the disk or free space on it, then restart the "
                                          "node"});
  }
  if (is_synced && through > gate_.durable()) gate_.advance(through);
}

Done LsmEngine::paced(Done done, uint64_t bytes) {
  const base::MonotonicTime now = host_.clock.now();
  const base::MonotonicTime until = pacer_.charge(now, bytes, pressure());
  if (until == now && paced_.empty()) return done;
  return [this, until, done = std::move(done)](const Status& status) {
    paced_.push_back({until, [done, status] { done(status); }});
    release_paced();
  };
}

void LsmEngine::release_paced() {
  if (is_releasing_) return;
  is_releasing_ = true;
  const base::MonotonicTime now = host_.clock.now();
  while (!paced_.empty() && (paced_.front().until <= now || !gate_.failure().is_ok())) {
    const auto answer = std::move(paced_.front().answer);
    paced_.pop_front();
    answer();
  }
  is_releasing_ = false;
  host_.timers.stop(paced_timer_);
  if (paced_.empty()) return;
  paced_timer_ = host_.timers.start(paced_.front().until - now, [this] { release_paced(); });
}

void LsmEngine::hold(std::function<bool()> attempt) {
  held_.push_back(std::move(attempt));
  advance_held();
}

void LsmEngine::advance_held() {
  if (is_advancing_held_) return;
  is_advancing_held_ = true;
  while (!held_.empty() && !dropping_) {
    // It leaves the queue only once it has run: what it asks for goes behind the others.
    if (!held_.front()()) break;
    held_.pop_front();
  }
  is_advancing_held_ = false;
}

std::unique_ptr<Snapshot> LsmEngine::take_snapshot(const Range&) {
  freeze();
  return std::make_unique<LsmSnapshot>(View{maintenance_->frozen(), maintenance_->version()},
                                       last_group_);
}

void LsmEngine::scan(const Scan& scan, ScanDone done) {
  if (!gate_.failure().is_ok()) return done(gate_.failure());
  if (scans_ >= kScansMax) return done(overloaded("too many scans are under way"));
  struct Walk {
    Scan scan;
    Overlay overlay;
    View view;
    Sequence wait;
    Damage damage;
    Result<Page> page = Page{};
  };
  const auto walk = std::make_shared<Walk>();
  walk->scan = scan;
  if (const auto* snapshot = static_cast<const LsmSnapshot*>(scan.snapshot)) {
    walk->view = snapshot->view();
    walk->wait = snapshot->wait();
  } else {
    walk->overlay = take_overlay(active_, scan);
    walk->view = {maintenance_->frozen(), maintenance_->version()};
    walk->wait = last_group_;
  }
  ++scans_;
  host_.readers.run(
      [walk] { walk->page = read_page(walk->overlay, walk->view, walk->scan, walk->damage); },
      [this, walk, done = std::move(done)] {
        --scans_;
        if (!walk->page.is_ok()) maintenance_->quarantine(walk->damage, walk->page.status());
        gate_.wait(walk->wait, [walk, done](const Status& status) {
          if (!status.is_ok()) return done(status);
          done(std::move(walk->page));
        });
      });
}

void LsmEngine::drop_range(const Range& range, Done done) {
  if (Status refused = refusal(); !refused.is_ok()) return done(refused);
  hold([this, range, done = std::move(done)] {
    if (!line_.is_empty()) return false;
    dropping_ = Dropping{range, std::nullopt, done};
    drop_page();
    return true;
  });
}

void LsmEngine::drop_page() {
  Scan page;
  page.range = dropping_->range;
  page.after = dropping_->after;
  page.items_max = kDropPageItems;
  page.part = Part::kMeta;
  scan(page, [this](Result<Page> found) {
    if (!found.is_ok()) return finish_drop(found.status());
    std::vector<Write> erasures;
    for (Item& item : found->items) {
      erasures.push_back({dropping_->range.space, item.token, std::move(item.key), std::nullopt});
    }
    dropping_->after = std::move(found->last);
    const bool is_last = found->is_last;
    if (erasures.empty()) return is_last ? finish_drop(Status::ok()) : drop_page();
    write_now(erasures, Durability::kGroup, [this, is_last](const Status& status) {
      if (is_last || !status.is_ok()) return finish_drop(status);
      drop_page();
    });
  });
}

void LsmEngine::finish_drop(const Status& status) {
  const Done done = std::move(dropping_->done);
  dropping_.reset();
  done(status);
  advance_held();
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
  sample.trouble = space_refusal(Space::kData, false).message();
  if (!gate_.failure().is_ok()) sample.trouble = gate_.failure().message();
  return sample;
}

}  // namespace distkv::storage::lsm
