#include "sim/store_reader.h"

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "storage/lsm/lsm_engine.h"

namespace distkv::sim {

namespace {

using base::Result;
using storage::lsm::LsmEngine;

constexpr std::array kSpaces = {storage::Space::kData, storage::Space::kHints,
                                storage::Space::kNode};

class Inline : public storage::Executor {
 public:
  void run(std::function<void()> work, std::function<void()> done) override {
    work();
    done();
  }
};

// A reader neither flushes nor merges nor writes.
class Never : public storage::Executor {
 public:
  void run(std::function<void()>, std::function<void()>) override {}
};

class NoLog : public base::Log {
  bool is_enabled(base::LogLevel) const override { return false; }
  void write(base::LogLevel, std::string_view) override {}
};

class StoppedClock : public base::Clock {
 public:
  base::MonotonicTime now() const override { return {}; }
  base::WallTime wall_now() const override { return {}; }
};

base::Status read_space(LsmEngine& engine, storage::Space space, Entries& entries) {
  storage::Scan scan;
  scan.range.space = space;
  for (bool is_last = false; !is_last;) {
    std::optional<Result<storage::Page>> page;
    engine.scan(scan, [&page](auto result) { page.emplace(std::move(result)); });
    DISTKV_CHECK(page.has_value());
    if (!page->is_ok()) return page->status();
    for (storage::Item& item : (*page)->items) {
      entries[{space, item.token, std::move(item.key)}] = std::move(item.entry);
    }
    is_last = (*page)->is_last;
    scan.after = std::move((*page)->last);
  }
  return base::Status::ok();
}

Found read_one_by_one(LsmEngine& engine, const std::set<Place>& places) {
  Found found;
  for (const Place& place : places) {
    const auto& [space, token, key] = place;
    engine.get({space, token, key}, storage::Part::kAll, [&found, &place](const auto& entry) {
      if (!entry.is_ok()) {
        found.unreadable.insert(place);
      } else if (entry->has_value()) {
        found.entries[place] = {std::string((*entry)->meta), std::string((*entry)->value)};
      }
    });
  }
  return found;
}

}  // namespace

Result<Found> read_store(const storage::io::test::SimFileSystem& disk,
                         const storage::lsm::Options& options, const std::set<Place>& known) {
  constexpr uint64_t kRoomForAll = uint64_t{1} << 40;
  const auto copy = disk.copy();
  copy->set_capacity(kRoomForAll);
  copy->set_cached_reads(storage::io::test::CachedReads::kAlways);
  Inline readers;
  Never others;
  NoLog log;
  const StoppedClock clock;
  base::Timers timers(clock);
  auto engine = LsmEngine::open({*copy, others, others, readers, timers, clock, log}, options);
  if (!engine.is_ok()) return engine.status();
  Found found;
  for (const storage::Space space : kSpaces) {
    if (read_space(**engine, space, found.entries).is_ok()) continue;
    return read_one_by_one(**engine, known);
  }
  return found;
}

}  // namespace distkv::sim
