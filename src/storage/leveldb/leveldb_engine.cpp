#include "storage/leveldb/leveldb_engine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage/leveldb/encoding.h"

namespace distkv::storage::leveldb {
namespace {

// Updates waiting for their reads. A disk that serves 10,000 reads a second needs 6 s for these;
// a client has given up by then.
constexpr size_t kCommandsMax = 64 * 1024;
// Likewise for reads, those of commands included.
constexpr size_t kReadsMax = 2 * kCommandsMax;

class LevelDbSnapshot : public Snapshot {
 public:
  LevelDbSnapshot(Sequence taken, std::shared_ptr<PinSlot> slot, Executor& readers)
      : taken_(taken), slot_(std::move(slot)), readers_(readers) {}
  // Releasing takes LevelDB's lock, so a reader does it.
  ~LevelDbSnapshot() override {
    readers_.run([slot = std::move(slot_)]() mutable { slot.reset(); }, [] {});
  }
  LevelDbSnapshot(const LevelDbSnapshot&) = delete;
  LevelDbSnapshot& operator=(const LevelDbSnapshot&) = delete;

  Sequence taken() const { return taken_; }
  const std::shared_ptr<PinSlot>& slot() const { return slot_; }

 private:
  Sequence taken_;
  std::shared_ptr<PinSlot> slot_;
  Executor& readers_;
};

std::optional<EntryView> view_of(const Entry* entry, Part part) {
  if (entry == nullptr) return std::nullopt;
  return EntryView{entry->meta, part == Part::kAll ? std::string_view(entry->value) : ""};
}

base::Status overloaded(const std::string& what) {
  return {base::Code::kOverloaded, what + " wait for the disk; retry when it has caught up"};
}

}  // namespace

base::Result<std::unique_ptr<LevelDbEngine>> LevelDbEngine::open(const Options& options,
                                                                 Executor& writer,
                                                                 Executor& readers) {
  auto database = Database::open(options);
  if (!database.is_ok()) return database.status();
  return std::make_unique<LevelDbEngine>(options, std::move(*database), writer, readers);
}

LevelDbEngine::LevelDbEngine(const Options& options, std::unique_ptr<Database> database,
                             Executor& writer, Executor& readers)
    : pending_bytes_max_(options.pending_bytes_max),
      readers_(readers),
      database_(std::move(database)),
      reads_(*database_, readers),
      writes_(*database_, writer,
              [this](Sequence last, const base::Status& status) { committed(last, status); }) {}

base::Result<Lookup> LevelDbEngine::try_get(const KeyRef& key, Part part, EntryView& found) {
  if (!gate_.failure().is_ok()) return gate_.failure();
  const std::string encoded = encode_key(key);
  const auto pending = overlay_.find(encoded);
  if (!pending || is_undecided(encoded) || !gate_.is_durable(pending->written_group))
    return Lookup::kWouldBlock;
  ++sample_.reads;
  if (pending->entry == nullptr) return Lookup::kAbsent;
  found = *view_of(pending->entry.get(), part);
  return Lookup::kFound;
}

void LevelDbEngine::get(const KeyRef& key, Part part, GetDone done) {
  if (!gate_.failure().is_ok()) return done(gate_.failure());
  if (reads_.size() >= kReadsMax) return done(overloaded(std::to_string(reads_.size()) + " reads"));
  ++sample_.reads;
  const std::string encoded = encode_key(key);
  auto answer = [this, part, done](const base::Status& status, const std::optional<Entry>& entry) {
    if (!gate_.failure().is_ok()) return done(gate_.failure());
    if (!status.is_ok()) return done(status);
    done(view_of(entry ? &*entry : nullptr, part));
  };
  if (is_undecided(encoded)) {
    return join_with_read(encoded, [this, encoded, part, done, answer](const Command& self) {
      if (const auto pending = overlay_.find(encoded)) return answer_pending(*pending, part, done);
      answer(self.read_status, self.read);
    });
  }
  if (const auto pending = overlay_.find(encoded)) {
    return answer_pending(*pending, part, std::move(done));
  }
  reads_.push({encoded, part, [answer](base::Result<std::optional<Entry>> entry) {
                 answer(entry.status(), entry.is_ok() ? std::move(*entry) : std::nullopt);
               }});
}

void LevelDbEngine::answer_pending(const Pending& pending, Part part, GetDone done) {
  gate_.wait(pending.written_group,
             [entry = pending.entry, part, done = std::move(done)](base::Status status) {
               if (!status.is_ok()) return done(std::move(status));
               done(view_of(entry.get(), part));
             });
}

void LevelDbEngine::update(Update update) {
  if (base::Status refused = refusal(); !refused.is_ok()) return update.durable(refused);
  std::string key = encode_key(update.key);
  join_with_read(key, [this, key, update = std::move(update)](const Command& self) {
    decide(key, update, self);
  });
}

void LevelDbEngine::join_with_read(const std::string& key,
                                   std::function<void(const Command&)> run) {
  auto command = std::make_shared<Command>();
  command->keys.push_back(key);
  command->run = std::move(run);
  // What is not durable yet stays in the overlay until this command has run; no read can be newer.
  const auto pending = overlay_.find(key);
  command->is_ready = pending && !gate_.is_durable(pending->written);
  join(command);
  if (!command->is_ready) {
    reads_.push({key, Part::kAll, [this, command](base::Result<std::optional<Entry>> entry) {
                   command->is_ready = true;
                   command->read_status = entry.status();
                   if (entry.is_ok()) command->read = std::move(*entry);
                   advance();
                 }});
  }
  advance();
}

void LevelDbEngine::join(std::shared_ptr<Command> command) {
  command->read_from = gate_.durable();
  for (const std::string& key : command->keys) ++undecided_[key];
  drops_undecided_ += command->is_drop ? 1 : 0;
  commands_.push_back(std::move(command));
}

std::shared_ptr<LevelDbEngine::Command> LevelDbEngine::leave() {
  auto command = std::move(commands_.front());
  commands_.pop_front();
  for (const std::string& key : command->keys) {
    const auto count = undecided_.find(key);
    if (--count->second == 0) undecided_.erase(count);
  }
  drops_undecided_ -= command->is_drop ? 1 : 0;
  return command;
}

bool LevelDbEngine::is_undecided(const std::string& key) const {
  return drops_undecided_ > 0 || undecided_.contains(key);
}

void LevelDbEngine::advance() {
  if (is_advancing_) return;  // A callback of the loop below asked for more; it will get there.
  is_advancing_ = true;
  while (!commands_.empty() && commands_.front()->is_ready) {
    const auto command = leave();
    command->run(*command);
  }
  is_advancing_ = false;
  purge();
}

void LevelDbEngine::decide(const std::string& key, const Update& update, const Command& command) {
  if (!gate_.failure().is_ok()) return update.durable(gate_.failure());
  const auto pending = overlay_.find(key);
  if (!pending && !command.read_status.is_ok()) return update.durable(command.read_status);
  const Entry* entry = command.read ? &*command.read : nullptr;
  if (pending) entry = pending->entry.get();
  const auto current = view_of(entry, Part::kAll);
  Decision decision = update.decide(current ? &*current : nullptr);
  if (decision.action == Decision::Action::kKeep) return answer_kept(update, pending);

  std::shared_ptr<const Entry> decided;
  if (decision.action == Decision::Action::kPut) {
    decided = std::make_shared<const Entry>(std::move(decision.entry));
  }
  WriteItem item;
  item.changes.push_back({key, std::move(decided)});
  commit(std::move(item), {update.durability, update.visible, update.durable});
}

void LevelDbEngine::answer_kept(const Update& update, const std::optional<Pending>& pending) {
  const bool waits = pending && update.durability == Durability::kGroup;
  if (update.visible) update.visible();
  gate_.wait(waits ? pending->written : Sequence{}, update.durable);
}

void LevelDbEngine::write(std::vector<Write> batch, Durability durability, Done done) {
  if (base::Status refused = refusal(); !refused.is_ok()) return done(refused);
  auto command = std::make_shared<Command>();
  std::vector<Change> changes;
  for (Write& write : batch) {
    Change change{encode_key({write.space, write.token, write.key}), nullptr};
    if (write.entry) change.entry = std::make_shared<const Entry>(*std::move(write.entry));
    command->keys.push_back(change.key);
    changes.push_back(std::move(change));
  }
  command->is_ready = true;
  command->run = [this, changes = std::move(changes), durability,
                  done = std::move(done)](const Command&) {
    if (!gate_.failure().is_ok()) return done(gate_.failure());
    WriteItem item;
    item.changes = changes;
    commit(std::move(item), {durability, nullptr, done});
  };
  join(std::move(command));
  advance();
}

void LevelDbEngine::drop_range(const Range& range, Done done) {
  if (base::Status refused = refusal(); !refused.is_ok()) return done(refused);
  auto command = std::make_shared<Command>();
  command->is_ready = true;
  command->is_drop = true;
  command->run = [this, range, done = std::move(done)](const Command&) {
    if (!gate_.failure().is_ok()) return done(gate_.failure());
    WriteItem item;
    item.drop = range;
    commit(std::move(item), {Durability::kGroup, nullptr, done});
  };
  join(std::move(command));
  advance();
}

void LevelDbEngine::commit(WriteItem item, Outcome outcome) {
  item.sequence = gate_.next();
  for (const Change& change : item.changes) {
    overlay_.put(change.key, change.entry, item.sequence, outcome.durability);
  }
  if (item.drop) overlay_.drop(*item.drop, item.sequence);
  sample_.writes += item.changes.size();

  const bool waits = outcome.durability == Durability::kGroup;
  gate_.hold();
  if (waits) gate_.wait(item.sequence, std::move(outcome.durable));
  writes_.push(std::move(item));
  gate_.release();
  if (outcome.visible) outcome.visible();
  gate_.deliver();
  if (!waits) outcome.durable(gate_.failure());
}

void LevelDbEngine::committed(Sequence last, const base::Status& status) {
  if (!status.is_ok()) {
    gate_.fail({status.code(), "the store has stopped: " + status.message() +
                                   "; mend the disk or free space on it, then restart the node"});
    return;
  }
  gate_.advance(last);
  purge();
}

void LevelDbEngine::purge() {
  // A command's read may have missed what became durable after it joined.
  Sequence bound = gate_.durable();
  if (!commands_.empty()) bound = std::min(bound, commands_.front()->read_from);
  overlay_.purge(bound);
}

std::unique_ptr<Snapshot> LevelDbEngine::take_snapshot(const Range&) {
  WriteItem item;
  item.pin = std::make_shared<PinSlot>();
  auto snapshot = std::make_unique<LevelDbSnapshot>(gate_.next(), item.pin, readers_);
  item.sequence = gate_.visible();
  writes_.push(std::move(item));
  return snapshot;
}

void LevelDbEngine::scan(const Scan& scan, ScanDone done) {
  if (scan.snapshot == nullptr) return start_scan(scan, nullptr, std::move(done));
  const auto& snapshot = static_cast<const LevelDbSnapshot&>(*scan.snapshot);
  gate_.wait(snapshot.taken(), [this, scan, slot = snapshot.slot(), done = std::move(done)](
                                   base::Status) { start_scan(scan, slot, done); });
}

void LevelDbEngine::start_scan(const Scan& scan, std::shared_ptr<PinSlot> slot, ScanDone done) {
  if (!gate_.failure().is_ok()) return done(gate_.failure());
  auto page = std::make_shared<std::optional<base::Result<Page>>>();
  readers_.run(
      [database = database_.get(), scan, slot = std::move(slot), page]() mutable {
        page->emplace(database->scan(scan, slot == nullptr ? nullptr : slot->pin.get()));
        slot.reset();
      },
      [this, page, done = std::move(done)] {
        if (!gate_.failure().is_ok()) return done(gate_.failure());
        done(std::move(**page));
      });
}

void LevelDbEngine::sync(Done done) { gate_.wait(gate_.visible(), std::move(done)); }

void LevelDbEngine::checkpoint(const std::string& directory, Done done) {
  if (!gate_.failure().is_ok()) return done(gate_.failure());
  auto copied = std::make_shared<base::Status>();
  readers_.run(
      [database = database_.get(), directory, copied] { *copied = database->copy_to(directory); },
      [copied, done = std::move(done)] { done(*copied); });
}

double LevelDbEngine::pressure() const {
  const double bytes = static_cast<double>(writes_.bytes_pending()) /
                       static_cast<double>(std::max<uint64_t>(1, pending_bytes_max_));
  const double commands = static_cast<double>(commands_.size()) / kCommandsMax;
  return std::min(1.0, std::max(bytes, commands));
}

Sample LevelDbEngine::sample() const {
  Sample sample = sample_;
  sample.bytes_pending = writes_.bytes_pending();
  sample.syncs = writes_.groups();
  return sample;
}

base::Status LevelDbEngine::refusal() const {
  if (!gate_.failure().is_ok()) return gate_.failure();
  if (writes_.bytes_pending() >= pending_bytes_max_) {
    return overloaded(std::to_string(writes_.bytes_pending()) + " bytes");
  }
  if (commands_.size() >= kCommandsMax) {
    return overloaded(std::to_string(commands_.size()) + " updates");
  }
  return base::Status::ok();
}

}  // namespace distkv::storage::leveldb
