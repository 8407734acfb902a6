// A hint store over the memory engine, whose callbacks run inside the calls, and a clock that the
// test moves.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "replica/hint_store.h"
#include "storage/map/map_engine.h"
#include "support/hand_clock.h"
#include "support/silent_log.h"

namespace distkv::replica {

inline RecordBytes record_of(uint64_t actor, uint64_t counter, std::string value) {
  causality::Record record;
  record.seen.raise({base::ActorId{actor}, base::Counter{counter}});
  record.versions.push_back({{base::ActorId{actor}, base::Counter{counter}},
                             base::OpId{{actor, counter}},
                             causality::kNeverExpires,
                             false,
                             std::move(value)});
  return encode(record);
}

struct HintFixture {
  explicit HintFixture(const HintLimits& limits_given = {}) : limits(limits_given) { reload(); }

  void reload() {
    make();
    std::optional<base::Status> loaded;
    hints->load([&](base::Status status) { loaded = status; });
    REQUIRE(loaded.has_value());
    REQUIRE(loaded->is_ok());
  }
  void make() {
    hints.emplace(engine, clock, log, limits,
                  [this](std::optional<base::Token> token) { dropped.push_back(token); });
  }
  base::Status add(const base::NodeId& target, std::string_view key, const RecordBytes& record,
                   uint64_t layout = 1) {
    std::optional<base::Status> kept;
    hints->add(target, key, record.view(), base::LayoutVersion{layout},
               [&](const base::Status& status) { kept = status; });
    REQUIRE(kept.has_value());
    return *kept;
  }
  // An add that must succeed.
  void keep(const base::NodeId& target, std::string_view key, const RecordBytes& record,
            uint64_t layout = 1) {
    CHECK(add(target, key, record, layout).is_ok());
  }
  void remove(const base::NodeId& target, const Hint& hint) {
    hints->remove(target, hint, [](const base::Status& status) { CHECK(status.is_ok()); });
  }
  std::vector<Hint> list(const base::NodeId& target, const std::optional<std::string>& after = {},
                         size_t max = 100) {
    std::vector<Hint> found;
    hints->list(target, after, {max, 1 << 20}, [&](base::Result<std::vector<Hint>> page) {
      REQUIRE(page.is_ok());
      found = std::move(*page);
    });
    return found;
  }
  std::vector<HintHead> heads() {
    std::vector<HintHead> found;
    hints->walk(std::nullopt, std::nullopt, [&](base::Result<HintHeads> page) {
      REQUIRE(page.is_ok());
      found = std::move(page->heads);
    });
    return found;
  }
  void expire_all() {
    for (const HintHead& head : heads()) {
      hints->expire(head, [](const base::Status& status) { CHECK(status.is_ok()); });
    }
  }
  void pass(base::Duration duration) { clock.time += duration; }
  const HintCounts& counts(const base::NodeId& target) {
    return hints->ledger().targets().at(target);
  }
  uint64_t pending() const { return hints->ledger().pending(); }
  uint64_t bytes() const { return hints->ledger().bytes(); }

  const HintLimits limits;
  storage::map::MapEngine engine;
  test::HandClock clock;
  test::SilentLog log;
  std::vector<std::optional<base::Token>> dropped;  // As told.
  std::optional<HintStore> hints;
};

}  // namespace distkv::replica
