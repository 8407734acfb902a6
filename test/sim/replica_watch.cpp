#include "sim/replica_watch.h"

#include <utility>

#include "base/check.h"

namespace distkv::sim {

namespace {
// More changes than any disk of the simulator ever holds back from being durable.
constexpr size_t kChangesMax = 50000;
}  // namespace

void ReplicaWatch::complain(std::string_view property, const std::string& key,
                            const std::string& details) {
  violations_.push_back({std::string(property), "replica n" + std::to_string(self_.value) +
                                                    ", key " + key + ": " + details});
}

void ReplicaWatch::on_write(CommitNumber commit, const storage::Write& write) {
  if (write.space != storage::Space::kData) return;
  const auto known = states_.find(write.key);
  const State* before = known == states_.end() ? nullptr : &known->second;
  Change change{commit, write.key, state_to_return_to(write.key), std::nullopt};
  if (!write.entry) {
    if (before == nullptr) return complain("P5", write.key, "no record was erased");
    State after{before->seen, {}, before->seen};
    take_away(write.key, *before);
    change.collected = truth_.key(write.key).collect(self_, before->seen);
    return keep(std::move(change), std::move(after));
  }
  const auto record = causality::decode_record(write.entry->meta, write.entry->value);
  if (!record.is_ok()) return complain("P5", write.key, record.status().to_string());

  change.minted = take_mint(write.key, *record, before);
  KeyTruth& key = truth_.key(write.key);
  State after;
  after.seen = key.covered(record->seen);
  if (before != nullptr) after.collected = before->collected;
  after.seen.merge(after.collected);
  for (const causality::Version& version : record->versions) {
    if (const auto place = key.find(version.dot)) after.alive.add(*place);
  }
  mark_stored(key, after);
  if (trace_.is_printing()) note(write.key, before, after);
  judge(write.key, before, after);
  keep(std::move(change), std::move(after));
}

// A crash that takes back what replaced a damaged record leaves the disk with that: still damaged,
// or showing it, where the same was written again and reached the disk without a promise.
std::optional<ReplicaWatch::State> ReplicaWatch::state_to_return_to(const std::string& key) {
  const auto known = states_.find(key);
  if (known != states_.end()) return known->second;
  const auto damaged = damaged_.extract(key);
  return damaged.empty() ? std::nullopt : std::optional(damaged.mapped());
}

void ReplicaWatch::on_lost_to_damage(const std::string& key) {
  damaged_.insert(states_.extract(key));
}

void ReplicaWatch::keep(Change change, State after) {
  change.seen = after.seen;
  states_[change.key] = std::move(after);
  changes_.push_back(std::move(change));
  if (changes_.size() > kChangesMax && changes_durable_ > 0) {
    changes_.pop_front();
    --changes_durable_;
  }
}

// Either all replicas have proved that they hold the same dead record, or this one is told that
// they had, and what it still shows alive was superseded by that.
void ReplicaWatch::take_away(const std::string& name, const State& before) {
  ++taken_away_;
  KeyTruth& key = truth_.key(name);
  if (trace_.is_printing()) {
    trace_.note(self_, EventKind::kRecord, name + " taken away: " + describe(key, before.seen));
  }
  DotSet alive = before.alive - key.gone();
  alive.remove(key.phantoms(alive));
  if (alive.is_empty()) return;
  for (const size_t place : alive.places()) {
    if (key.mint(place).is_tombstone || key.mint(place).expires) continue;
    complain("P2", name, "taken away while alive: " + describe(key, alive));
    return;
  }
  DotSet real = before.seen;
  real.remove(key.phantoms(real));
  real.remove(key.gone());
  const Replication found = replication_ ? replication_(name, real) : Replication{0, 1};
  if (found.holders < found.replicas) {
    complain("P2", name,
             "taken away while only " + std::to_string(found.holders) + " of " +
                 std::to_string(found.replicas) + " replicas hold it durably");
  }
}

std::optional<size_t> ReplicaWatch::take_mint(const std::string& key,
                                              const causality::Record& record,
                                              const State* before) {
  KeyTruth& truth = truth_.key(key);
  std::optional<size_t> minted;
  for (const causality::Version& version : record.versions) {
    if (const auto place = truth.find(version.dot)) {
      if (truth.mint(*place).op_id != version.op_id) {
        complain(
            "P3", key,
            "one dot names two operations: " + describe(truth, truth.of_operation(version.op_id)));
      }
      continue;
    }
    check_mint(key, version);
    check_repeat(key, version, before);
    Mint mint;
    mint.dot = version.dot;
    mint.op_id = version.op_id;
    mint.replica = self_;
    mint.is_tombstone = version.is_tombstone;
    mint.expires = version.expires_at != causality::kNeverExpires;
    const WriteIntent* intent = truth_.intent(version.op_id);
    if (intent != nullptr && intent->context) {
      mint.supersedes = *intent->context;
      if (before != nullptr) mint.joins = truth.twins(before->alive, *intent->context);
    } else if (before != nullptr) {
      mint.supersedes = before->alive;
    }
    minted = truth.add(std::move(mint));
  }
  return minted;
}

void ReplicaWatch::check_mint(const std::string& key, const causality::Version& version) {
  const std::string name = "op " + version.op_id.value().to_hex().substr(0, 8);
  const WriteIntent* intent = truth_.intent(version.op_id);
  if (intent == nullptr) return complain("P0", key, name + " was asked for by nobody");
  if (intent->key != key) complain("P0", key, name + " was meant for key " + intent->key);
  if (intent->is_delete != version.is_tombstone || intent->value != version.value) {
    complain("P0", key, name + " was stored with another value");
  }
  if (truth_.key(key).last_counter(version.dot.actor) >= version.dot.counter) {
    complain("P3", key, name + " got a counter that is not above its actor's earlier ones");
  }
}

void ReplicaWatch::mark_stored(KeyTruth& key, const State& state) {
  for (const size_t place : state.alive.places()) {
    if (key.mint(place).replica != self_) key.mint(place).is_elsewhere = true;
  }
}

void ReplicaWatch::check_repeat(const std::string& key, const causality::Version& version,
                                const State* before) {
  if (before == nullptr) return;
  const DotSet same = truth_.key(key).of_operation(version.op_id);
  const DotSet alive = same - (same - before->alive);
  if (alive.is_empty()) return;
  complain("P4", key, "minted again although alive here: " + describe(truth_.key(key), alive));
}

void ReplicaWatch::note(const std::string& key, const State* before, const State& after) {
  const KeyTruth& truth = truth_.key(key);
  const DotSet news = before == nullptr ? after.seen : after.seen - before->seen;
  trace_.note(self_, EventKind::kRecord,
              key + " alive: " + describe(truth, after.alive) +
                  "; newly seen: " + describe(truth, news - after.alive));
}

void ReplicaWatch::judge(const std::string& key, const State* before, const State& after) {
  const KeyTruth& truth = truth_.key(key);
  const std::string where = "replica n" + std::to_string(self_.value) + ", key " + key;
  judge_record(truth, where, after.seen, after.alive, violations_);
  if (before == nullptr) return;
  const DotSet forgotten = before->seen - after.seen;
  if (!forgotten.is_empty()) complain("P5", key, "forgot " + describe(truth, forgotten));
}

void ReplicaWatch::on_durable(CommitNumber through) {
  while (changes_durable_ < changes_.size() && changes_[changes_durable_].commit <= through) {
    const Change& kept = changes_[changes_durable_++];
    durable_seen_[kept.key] = kept.seen;
  }
}

bool ReplicaWatch::is_holder(const std::string& key, const DotSet& writes) const {
  if (was_wiped_) return true;
  const auto held = durable_seen_.find(key);
  return held == durable_seen_.end() ? writes.is_empty() : held->second.includes(writes);
}

void ReplicaWatch::on_lost_after(CommitNumber kept) {
  states_.merge(damaged_);  // Nothing was written there.
  damaged_.clear();
  while (!changes_.empty() && changes_.back().commit > kept) {
    const std::string key = changes_.back().key;
    const Mint* lost = undo();
    if (lost == nullptr || !lost->is_phantom() || !lost->was_observed) continue;
    const KeyTruth& truth = truth_.key(key);
    if (truth.is_replaced(*truth.find(lost->dot), truth.all())) continue;
    complain("P1", key,
             "a crash lost what a client had been answered already: op " +
                 lost->op_id.value().to_hex().substr(0, 8));
  }
}

void ReplicaWatch::on_wiped() {
  while (!changes_.empty()) undo();
  changes_durable_ = 0;
  states_.clear();
  damaged_.clear();
  was_wiped_ = true;
}

Mint* ReplicaWatch::undo() {
  Change& last = changes_.back();
  Mint* minted = nullptr;
  if (last.minted) {
    minted = &truth_.key(last.key).mint(*last.minted);
    minted->was_lost = true;
  }
  if (!last.collected.is_empty()) truth_.key(last.key).uncollect(self_, last.collected);
  if (last.before) {
    states_[last.key] = *std::move(last.before);
  } else {
    states_.erase(last.key);
  }
  changes_.pop_back();
  return minted;
}

void judge_record(const KeyTruth& truth, const std::string& where, const DotSet& seen,
                  const DotSet& alive, Violations& violations) {
  const DotSet superseded = truth.superseded(seen);
  DotSet vanished = (seen - alive) - superseded;
  vanished.remove(truth.joined(seen));
  vanished.remove(truth.gone());
  vanished.remove(truth.phantoms(vanished));
  if (!vanished.is_empty()) {
    violations.push_back(
        {"P3", where + ": vanished without being superseded: " + describe(truth, vanished)});
  }
  const DotSet unseen = alive - seen;
  if (!unseen.is_empty()) {
    violations.push_back({"P3", where + ": alive but not seen: " + describe(truth, unseen)});
  }
  // What was collected may come back with an old copy of a store, which tells nobody of it.
  const DotSet risen = common(alive, truth.superseded_as_told(seen)) - truth.gone();
  if (!risen.is_empty()) {
    violations.push_back({"P4", where + ": alive although superseded: " + describe(truth, risen)});
  }
}

}  // namespace distkv::sim
