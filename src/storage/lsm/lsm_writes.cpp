// The engine's writes: from what was asked to a numbered commit in log and memtable.
#include "storage/lsm/lsm_engine.h"

#include <algorithm>
#include <utility>

namespace distkv::storage::lsm {

using base::Code;
using base::Result;
using base::Status;

void LsmEngine::update(Update update) {
  Status refused = refusal();
  if (refused.is_ok()) refused = load_refusal(update.key.space, update.frees_space);
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
  Update& update = waiting->update;
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

void LsmEngine::decide(Update& update, const Result<Lookup>& lookup, const Seen& seen,
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
    if (waits && !gate_.is_durable(seen.written)) log_schedule_->wrote(Durability::kGroup);
    if (update.visible) update.visible();
    return gate_.wait(waits ? seen.written : Sequence{}, std::move(update.durable));
  }
  const bool is_put = decision.action == Decision::Action::kPut;
  const EntryView entry{decision.entry.meta, decision.entry.value};
  const LogWrite write{update.key, is_put ? &entry : nullptr};
  commit({&write, 1}, update.durability, update.visible, std::move(update.durable));
}

void LsmEngine::write(std::vector<Write> batch, Durability durability, Done done) {
  Status refused = refusal();
  for (size_t i = 0; refused.is_ok() && i < batch.size(); ++i) {
    refused = load_refusal(batch[i].space, !batch[i].entry.has_value());
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
  Done answer = answers_.pace(std::move(durable), bytes, pressure());
  gate_.hold();
  if (waits) gate_.wait(sequence, std::move(answer));
  log_schedule_->wrote(durability);
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
  freeze_if_due();
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

}  // namespace distkv::storage::lsm
