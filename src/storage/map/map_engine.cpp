#include "storage/map/map_engine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"

namespace distkv::storage::map {
namespace {

// What the table and the queue spend on a write besides its bytes.
constexpr uint64_t kWriteOverheadBytes = 64;

EntryView view_of(const Entry& entry, Part part) {
  return {entry.meta, part == Part::kAll ? std::string_view(entry.value) : std::string_view()};
}

bool is_present(const Slot* slot) { return slot != nullptr && !slot->is_erased; }

uint64_t bytes_of(const std::vector<Write>& batch) {
  uint64_t bytes = 0;
  for (const Write& write : batch) {
    bytes += kWriteOverheadBytes + write.key.size();
    if (write.entry) bytes += write.entry->meta.size() + write.entry->value.size();
  }
  return bytes;
}

KeyRef key_of(const Write& write) { return {write.space, write.token, write.key}; }

PlaceView place_of(const KeyRef& key) { return {key.token, key.key}; }

}  // namespace

MapEngine::MapEngine(Journal* journal, uint64_t pending_bytes_max)
    : journal_(journal), pending_bytes_max_(pending_bytes_max) {}

void MapEngine::load(std::vector<Write> writes) {
  DISTKV_CHECK(gate_.visible() == Sequence{});
  for (Write& write : writes) {
    if (write.entry) {
      table_of(write.space).find_or_insert({write.token, write.key}).entry =
          *std::move(write.entry);
    } else {
      table_of(write.space).remove({write.token, write.key});
    }
  }
}

base::Result<Lookup> MapEngine::try_get(const KeyRef& key, Part part, EntryView& found) {
  if (!gate_.failure().is_ok()) return gate_.failure();
  const Slot* slot = table_of(key.space).find(place_of(key));
  if (slot != nullptr && !gate_.is_durable(slot->written_group)) return Lookup::kWouldBlock;
  ++sample_.reads;
  if (!is_present(slot)) return Lookup::kAbsent;
  found = view_of(slot->entry, part);
  return Lookup::kFound;
}

void MapEngine::get(const KeyRef& key, Part part, GetDone done) {
  if (!gate_.failure().is_ok()) return done(gate_.failure());
  ++sample_.reads;
  const Slot* slot = table_of(key.space).find(place_of(key));
  if (slot == nullptr || gate_.is_durable(slot->written_group)) return answer(slot, part, done);

  // Answers with what was visible now: a key written all the time would otherwise never answer.
  gate_.wait(slot->written_group,
             [kept = *slot, part, done = std::move(done)](base::Status status) {
               if (!status.is_ok()) return done(std::move(status));
               if (kept.is_erased) return done(std::optional<EntryView>());
               done(std::optional(view_of(kept.entry, part)));
             });
}

void MapEngine::answer(const Slot* slot, Part part, const GetDone& done) {
  ++callbacks_running_;
  done(is_present(slot) ? std::optional(view_of(slot->entry, part)) : std::nullopt);
  if (--callbacks_running_ == 0) retired_.clear();
}

void MapEngine::update(Update update) {
  if (base::Status refused = refusal(); !refused.is_ok()) return update.durable(refused);
  const Slot* slot = table_of(update.key.space).find(place_of(update.key));
  EntryView current;
  if (is_present(slot)) current = view_of(slot->entry, Part::kAll);
  Decision decision = update.decide(is_present(slot) ? &current : nullptr);
  if (decision.action == Decision::Action::kKeep) return answer_kept(update, slot);

  std::optional<Entry> entry;
  if (decision.action == Decision::Action::kPut) entry = std::move(decision.entry);
  std::vector<Write> batch;
  if (journal_ != nullptr) {
    batch.push_back({update.key.space, update.key.token, std::string(update.key.key), entry});
  }
  const Sequence sequence = gate_.next();
  apply(update.key, std::move(entry), sequence, update.durability);
  commit(std::move(batch),
         {sequence, update.durability, std::move(update.visible), std::move(update.durable)});
}

void MapEngine::answer_kept(const Update& update, const Slot* slot) {
  const Sequence seen = slot == nullptr ? Sequence{} : slot->written;
  if (update.visible) update.visible();
  gate_.wait(update.durability == Durability::kGroup ? seen : Sequence{}, update.durable);
}

void MapEngine::write(std::vector<Write> batch, Durability durability, Done done) {
  if (base::Status refused = refusal(); !refused.is_ok()) return done(refused);
  const Sequence sequence = gate_.next();
  for (Write& write : batch) {
    // The journal needs the entry too; without one it can move into the table.
    std::optional<Entry> entry;
    if (journal_ != nullptr) {
      entry = write.entry;
    } else {
      entry = std::move(write.entry);
    }
    apply(key_of(write), std::move(entry), sequence, durability);
  }
  commit(std::move(batch), {sequence, durability, nullptr, std::move(done)});
}

void MapEngine::apply(const KeyRef& key, std::optional<Entry> entry, Sequence sequence,
                      Durability durability) {
  ++sample_.writes;
  const PlaceView place = place_of(key);
  TokenTable& table = table_of(key.space);
  if (!snapshots_.empty()) keep_for_snapshots(key.space, place, table.find(place));

  if (callbacks_running_ > 0 || (!entry && journal_ == nullptr)) {
    Sequence written_group;
    if (const Slot* old = table.find(place)) written_group = old->written_group;
    remove(key.space, place);
    if (!entry && journal_ == nullptr) return;
    table.find_or_insert(place).written_group = written_group;
  }
  Slot& slot = table.find_or_insert(place);
  slot.is_erased = !entry;
  slot.entry = entry ? *std::move(entry) : Entry{};
  slot.written = sequence;
  if (durability == Durability::kGroup) slot.written_group = sequence;
  if (slot.is_erased) {
    erasures_.push_back({sequence, key.space, {key.token, std::string(key.key)}});
  }
}

void MapEngine::remove(Space space, const PlaceView& place) {
  auto node = table_of(space).remove(place);
  if (!node.empty() && callbacks_running_ > 0) retired_.push_back(std::move(node));
}

void MapEngine::commit(std::vector<Write> batch, Commit commit) {
  if (journal_ == nullptr) {
    gate_.advance(gate_.visible());
    if (commit.visible) commit.visible();
    return commit.durable(base::Status::ok());
  }
  const bool waits = commit.durability == Durability::kGroup;
  const uint64_t bytes = bytes_of(batch);
  sample_.bytes_pending += bytes;
  gate_.hold();
  if (waits) gate_.wait(commit.sequence, std::move(commit.durable));
  journal_->append(std::move(batch), [this, sequence = commit.sequence, bytes](
                                         base::Status status) { finish(sequence, bytes, status); });
  gate_.release();
  if (commit.visible) commit.visible();
  gate_.deliver();
  if (!waits) commit.durable(gate_.failure());
}

void MapEngine::finish(Sequence sequence, uint64_t bytes, const base::Status& status) {
  sample_.bytes_pending -= bytes;
  if (!gate_.failure().is_ok()) return;
  if (!status.is_ok()) return gate_.fail(status);
  DISTKV_CHECK(sequence.value() == gate_.durable().value() + 1);
  ++sample_.syncs;
  gate_.advance(sequence);
  sweep_erasures();
}

void MapEngine::sweep_erasures() {
  while (!erasures_.empty() && gate_.is_durable(erasures_.front().sequence)) {
    const Erasure& erasure = erasures_.front();
    const Slot* slot = table_of(erasure.space).find(erasure.place);
    if (slot != nullptr && slot->is_erased && slot->written == erasure.sequence) {
      remove(erasure.space, erasure.place);
    }
    erasures_.pop_front();
  }
}

std::unique_ptr<Snapshot> MapEngine::take_snapshot(const Range& range) {
  auto frozen = std::make_shared<Frozen>(Frozen{range, gate_.visible(), {}});
  snapshots_.push_back(frozen);
  return std::make_unique<MapSnapshot>(std::move(frozen));
}

void MapEngine::keep_for_snapshots(Space space, const PlaceView& place, const Slot* slot) {
  std::erase_if(snapshots_, [](const auto& snapshot) { return snapshot.expired(); });
  for (const auto& snapshot : snapshots_) {
    const auto frozen = snapshot.lock();
    if (frozen->range.space == space) frozen->keep(place, slot);
  }
}

void MapEngine::scan(const Scan& scan, ScanDone done) {
  if (!gate_.failure().is_ok()) return done(gate_.failure());
  const Frozen* frozen = nullptr;
  if (scan.snapshot != nullptr) frozen = &static_cast<const MapSnapshot*>(scan.snapshot)->frozen();
  DISTKV_CHECK(frozen == nullptr || frozen->covers(scan.range));
  // What the page shows is visible; it is answered when it is durable.
  const Sequence shown = frozen == nullptr ? gate_.visible() : frozen->taken;
  Page page = read_page(table_of(scan.range.space), scan, frozen);
  gate_.wait(shown, [page = std::move(page), done = std::move(done)](base::Status status) mutable {
    if (!status.is_ok()) return done(std::move(status));
    done(std::move(page));
  });
}

void MapEngine::drop_range(const Range& range, Done done) {
  std::vector<Write> batch;
  const TokenTable& table = table_of(range.space);
  const auto* live = table.seek({range.first, ""}, false);
  while (live != nullptr && live->first.token <= range.last) {
    batch.push_back({range.space, live->first.token, live->first.key, std::nullopt});
    live = table.seek(live->first, true);
  }
  write(std::move(batch), Durability::kGroup, std::move(done));
}

void MapEngine::sync(Done done) { gate_.wait(gate_.visible(), std::move(done)); }

void MapEngine::checkpoint(const std::string& directory, Done done) {
  done({base::Code::kInvalidArgument,
        "no checkpoint in " + directory +
            ": the memory engine holds nothing to copy; use --engine leveldb"});
}

// Only the simulator gives it a disk.
base::Persistence MapEngine::persistence(Durability durability) const {
  return journal_ == nullptr ? base::Persistence::kMemory : Engine::persistence(durability);
}

double MapEngine::pressure() const {
  return std::min(
      1.0, static_cast<double>(sample_.bytes_pending) / static_cast<double>(pending_bytes_max_));
}

Sample MapEngine::sample() const { return sample_; }

TokenTable& MapEngine::table_of(Space space) {
  const size_t index = static_cast<size_t>(space) - 1;
  DISTKV_CHECK(index < tables_.size());
  return tables_[index];
}

base::Status MapEngine::refusal() const {
  if (!gate_.failure().is_ok()) return gate_.failure();
  if (sample_.bytes_pending < pending_bytes_max_) return base::Status::ok();
  return {base::Code::kOverloaded, std::to_string(sample_.bytes_pending) +
                                       " bytes wait for the disk; retry when it has caught up"};
}

}  // namespace distkv::storage::map
