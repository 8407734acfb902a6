#include "bench/engine/engine_store.h"

#include <algorithm>
#include <utility>

#include "bench/engine/durable_load.h"
#include "ring/token.h"

namespace distkv::bench {
namespace {

using storage::Durability;
using storage::Entry;
using storage::EntryView;
using storage::KeyRef;
using storage::Part;
using storage::Write;

// An upper bound on how late a wait notices; every answer ends it at once.
constexpr std::chrono::milliseconds kWait(1);
// What one page of a long scan may hold: as the engine's own default, in records of 100 bytes.
constexpr uint64_t kPageItemsMax = 1024;

KeyRef place_of(std::string_view key) { return {.token = ring::token_of(key), .key = key}; }

std::vector<Write> one(std::string_view key, const std::string_view* value) {
  std::vector<Write> batch(1);
  batch[0].token = ring::token_of(key);
  batch[0].key = key;
  if (value != nullptr) batch[0].entry = Entry{.meta = {}, .value = std::string(*value)};
  return batch;
}

}  // namespace

EngineStore::EngineStore(std::unique_ptr<OwnerThreads> threads,
                         std::unique_ptr<storage::Engine> engine)
    : threads_(std::move(threads)), engine_(std::move(engine)) {}

EngineStore::~EngineStore() {
  engine_->close(answer());
  while (!await())
    ;
  threads_->drain();
}

storage::Done EngineStore::answer() {
  is_answered_ = false;
  return [this](const base::Status& status) {
    status_ = status;
    is_answered_ = true;
  };
}

bool EngineStore::await() {
  threads_->poll();
  while (!is_answered_) threads_->wait(kWait);
  if (status_.is_ok()) return true;
  if (status_.code() != base::Code::kOverloaded) stop("engine: " + status_.to_string());
  threads_->wait(kWait);
  return false;
}

void EngineStore::write(std::string_view key, const std::string_view* value) {
  do engine_->write(one(key, value), Durability::kMemory, answer());
  while (!await());
}

void EngineStore::put(std::string_view key, std::string_view value) { write(key, &value); }
void EngineStore::erase(std::string_view key) { write(key, nullptr); }

std::optional<std::string_view> EngineStore::get(std::string_view key) {
  threads_->poll();
  const KeyRef place = place_of(key);
  EntryView entry;
  const auto lookup = engine_->try_get(place, Part::kAll, entry);
  if (!lookup.is_ok()) stop("engine: " + lookup.status().to_string());
  if (*lookup == storage::Lookup::kFound) return entry.value;
  if (*lookup == storage::Lookup::kAbsent) return std::nullopt;
  read_slowly(place);
  if (!is_found_) return std::nullopt;
  return found_;
}

void EngineStore::read_slowly(const KeyRef& key) {
  do {
    engine_->get(key, Part::kAll, [this, done = answer()](auto result) {
      is_found_ = result.is_ok() && result->has_value();
      if (is_found_) found_ = (*result)->value;
      done(result.status());
    });
  } while (!await());
}

void EngineStore::update(std::string_view key, const Change& change) {
  const KeyRef place = place_of(key);
  do {
    is_found_ = false;
    engine_->update({.key = place,
                     .durability = Durability::kMemory,
                     .decide =
                         [this, &change](const EntryView* current) {
                           storage::Decision decision;
                           if (current == nullptr) return decision;
                           is_found_ = true;
                           decision.action = storage::Decision::Action::kPut;
                           decision.entry.value = change(current->value);
                           return decision;
                         },
                     .visible = {},
                     .durable = answer()});
  } while (!await());
  if (!is_found_) stop("engine: a key to update is not there: " + std::string(key));
}

bool EngineStore::scan_page(storage::Scan& scan, const Visit& visit, uint64_t& count) {
  bool is_last = true;
  do {
    engine_->scan(scan, [&, done = answer()](auto result) {
      if (result.is_ok()) {
        is_last = result->is_last;
        for (const storage::Item& item : result->items) visit({item.key, item.entry.value});
        count += result->items.size();
        scan.after = std::move(result->last);
      }
      done(result.status());
    });
  } while (!await());
  return !is_last;
}

uint64_t EngineStore::scan(std::string_view first, uint64_t count_max, const Visit& visit) {
  storage::Scan scan;
  if (!first.empty()) scan.after = storage::Cursor{ring::token_of(first), std::string(first)};
  uint64_t count = 0;
  do scan.items_max = std::min(kPageItemsMax, count_max - count);
  while (scan_page(scan, visit, count) && count < count_max);
  return count;
}

// The lanes of a durable load as writes in flight.
class EngineStore::LaneWrites {
 public:
  LaneWrites(DurableLoad& load, storage::Engine& engine)
      : load_(load), engine_(engine), records_(load.lanes()) {
    for (size_t lane = 0; lane < load.lanes(); ++lane) free_.push_back(lane);
  }

  // Repeats what was refused and starts every lane that is free; false if nothing is left to wait
  // for.
  bool start() {
    for (const size_t lane : std::exchange(refused_, {})) write(lane);
    while (!free_.empty()) {
      const size_t lane = free_.back();
      free_.pop_back();
      const auto record = load_.start(lane);
      if (!record) continue;
      records_[lane] = *record;
      write(lane);
    }
    return in_flight_ > 0 || !refused_.empty();
  }

 private:
  void write(size_t lane) {
    ++in_flight_;
    const Record& record = records_[lane];
    engine_.write(one(record.key, &record.value), Durability::kGroup,
                  [this, lane](const base::Status& status) { finish(lane, status); });
  }

  void finish(size_t lane, const base::Status& status) {
    --in_flight_;
    if (status.is_ok()) {
      load_.finish(lane);
      free_.push_back(lane);
    } else if (status.code() == base::Code::kOverloaded) {
      refused_.push_back(lane);
    } else {
      stop("engine: " + status.to_string());
    }
  }

  DurableLoad& load_;
  storage::Engine& engine_;
  std::vector<Record> records_;  // What each lane writes, until it is durable.
  std::vector<size_t> free_;
  std::vector<size_t> refused_;
  size_t in_flight_ = 0;
};

void EngineStore::put_durably(DurableLoad& load) {
  LaneWrites writes(load, *engine_);
  while (writes.start()) threads_->wait(kWait);
}

void EngineStore::put_batch(std::span<const Record> batch) {
  do {
    std::vector<Write> writes;
    writes.reserve(batch.size());
    for (const Record& record : batch) {
      writes.push_back({.token = ring::token_of(record.key),
                        .key = std::string(record.key),
                        .entry = Entry{.meta = {}, .value = std::string(record.value)}});
    }
    engine_->write(std::move(writes), Durability::kGroup, answer());
  } while (!await());
}

void EngineStore::rest(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) threads_->wait(kWait);
}

}  // namespace distkv::bench
