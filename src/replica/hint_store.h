// Writes kept for replicas that could not take them: durable, in a key space of their own, one per
// (target, key), so that a newer write of a key joins the older. Dynamo §4.6.
//
// Invariant: a hint goes only after its target acknowledged exactly what it holds; one that grew
// meanwhile stays.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "replica/local_replica.h"
#include "storage/engine.h"

namespace distkv::replica {

// Past this many hints new ones are dropped, counted and logged: read repair has to bring them.
inline constexpr uint64_t kHintsMax = 10'000'000;

struct Hint {
  std::string key;
  RecordBytes record;
};

class HintStore {
 public:
  HintStore(storage::Engine& engine, base::Log& log) : engine_(engine), log_(log) {}

  // Counts what an earlier life left behind; before anything else, and again if it failed.
  void load(storage::Done done);

  // Counts anew after hints were lost to damage; what is added or removed meanwhile is counted too.
  void recount(storage::Done done);

  // Keeps `record` for `target`, merged with what is kept already; `done` when durable. The record
  // counts as pending from this call on.
  void add(const base::NodeId& target, std::string_view key, const RecordView& record,
           storage::Done done);
  // Forgets the hint if it still holds exactly what `delivered` says.
  void remove(const base::NodeId& target, const Hint& delivered, storage::Done done);
  // Up to `max` hints for `target`, those after `after` in key order.
  void list(const base::NodeId& target, const std::optional<std::string>& after, size_t max,
            std::function<void(base::Result<std::vector<Hint>>)> done);
  // True if a hint for (target, key) is kept.
  void contains(const base::NodeId& target, std::string_view key,
                std::function<void(base::Result<bool>)> done);

  // Hints kept, per target that has any.
  const std::map<base::NodeId, uint64_t>& pending() const { return pending_; }
  uint64_t pending_total() const { return total_; }
  uint64_t dropped() const { return dropped_; }

 private:
  void list_page(const base::NodeId& target, storage::Scan scan,
                 std::function<void(base::Result<std::vector<Hint>>)> done);
  struct Recount {
    std::unique_ptr<storage::Snapshot> snapshot;
    std::map<base::NodeId, int64_t> counts;  // As scanned, and every change since.
  };
  void recount_page(std::optional<storage::Cursor> after, storage::Done done);
  void finish_recount(const base::Status& status, const storage::Done& done);
  void load_page(std::optional<storage::Cursor> after, storage::Done done);
  void count(const base::NodeId& target, int64_t change);

  storage::Engine& engine_;
  base::Log& log_;
  std::map<base::NodeId, uint64_t> pending_;
  uint64_t total_ = 0;
  std::optional<Recount> recount_;
  uint64_t dropped_ = 0;
};

}  // namespace distkv::replica
