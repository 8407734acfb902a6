// Writes kept for replicas that could not take them: durable, in a key space of their own, one per
// (target, key), so that a newer write of a key joins the older. Dynamo §4.6. Bytes in FORMAT.md.
//
// Invariants:
//   - A hint goes only after its target acknowledged exactly what it holds; one that grew meanwhile
//     stays.
//   - Hints are bounded in bytes and number. Past that a new one is dropped, never an old one to
//     make room. Every hint that is dropped or cannot be kept, for whatever reason, is counted and
//     reported, so that its partition can be repaired from the other replicas.
//   - What is counted is what the space holds: by each change when it becomes visible.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "replica/hint_codec.h"
#include "replica/hint_ledger.h"
#include "replica/local_replica.h"
#include "storage/engine.h"

namespace distkv::replica {

// Hints of any size: they are counted one by one when a node starts.
inline constexpr uint64_t kHintsMax = 10'000'000;
// Adds that wait for the disk; each holds a record.
inline constexpr size_t kHintAddsMax = 100'000;
// Between two log lines about hints that were dropped.
inline constexpr base::Duration kHintDropLogInterval = std::chrono::seconds(10);

struct HintLimits {
  uint64_t bytes_max = 256 << 20;  // Keys, headers and records, as stored.
  base::Duration age_max = std::chrono::hours(3);
};

struct Hint {
  std::string key;
  RecordBytes record;
  HintHeader header;
  // Every write that was kept before this is in `record`, if it was one of this hint.
  HintStamp frontier;
};

// A hint without its record.
struct HintHead {
  base::NodeId target;
  std::string key;
  HintHeader header;
  uint64_t bytes = 0;  // As the limit counts it.
};

struct HintHeads {
  std::vector<HintHead> heads;
  std::optional<storage::Cursor> next;  // Where to go on; none: that was the last.
};

// A page ends with the hint that passes either.
struct HintPageLimit {
  size_t hints = 64;
  size_t bytes = 1 << 20;
};

class HintStore {
 public:
  // Told of each dropped hint the token of its key; of hints of unknown keys, lost to damage: none.
  using OnDropped = std::function<void(std::optional<base::Token>)>;

  // All must outlive this.
  HintStore(storage::Engine& engine, const base::Clock& clock, base::Log& log,
            const HintLimits& limits, OnDropped on_dropped);

  // Counts what an earlier life left behind; before anything else, and again if it failed. kCorrupt
  // for hints of another format.
  void load(storage::Done done);
  // Counts anew after hints were lost to damage, and reports that some of unknown keys are dropped;
  // what is added or removed meanwhile is counted too.
  void recount(storage::Done done);

  // Keeps `record`, made under `layout`, for `target`, merged with what is kept already; `done`
  // when durable, or with why it was dropped: kOverloaded past the limits, else what the engine
  // says. The record counts as pending once it is visible.
  void add(const base::NodeId& target, std::string_view key, const RecordView& record,
           base::LayoutVersion layout, storage::Done done);
  // The target acknowledged `delivered`: forgets the hint if it still holds exactly that; else what
  // it holds beyond that counts as kept since then.
  void remove(const base::NodeId& target, const Hint& delivered, storage::Done done);
  // Drops the hint if it is too old still.
  void expire(const HintHead& head, storage::Done done);

  // The hints for `target` after `after` in key order, from none to the end; empty: there are none.
  void list(const base::NodeId& target, const std::optional<std::string>& after,
            const HintPageLimit& limit, std::function<void(base::Result<std::vector<Hint>>)> done);
  // A page of all hints, or of one target's, in the order they lie; without reading their values.
  void walk(const std::optional<base::NodeId>& target, std::optional<storage::Cursor> after,
            std::function<void(base::Result<HintHeads>)> done);
  // Nullopt: there is none for (target, key).
  void find(const base::NodeId& target, std::string_view key,
            std::function<void(base::Result<std::optional<Hint>>)> done);
  // True if a hint for (target, key) is kept.
  void contains(const base::NodeId& target, std::string_view key,
                std::function<void(base::Result<bool>)> done);

  // Every add with a lesser sequence is over: durable, joined to another hint, or dropped.
  HintStamp frontier() const;
  // The last sequence given to an add.
  uint64_t last_sequence() const { return last_sequence_; }
  bool is_expired(const HintHeader& header) const;
  // The wall clock at the start of the program, moved on by the monotonic one: a clock that is set
  // does not age hints.
  base::WallTime now() const;
  // As HintLedger::refresh_oldest.
  void refresh_oldest(const std::map<base::NodeId, base::WallTime>& found, base::WallTime since) {
    ledger_.refresh_oldest(found, since);
  }

  const HintLedger& ledger() const { return ledger_; }
  const HintLimits& limits() const { return limits_; }

 private:
  struct Add;
  struct Removal;
  struct Recount {
    std::unique_ptr<storage::Snapshot> snapshot;  // None while loading: nothing changes meanwhile.
    HintChanges counted;                          // As scanned, and every change since.
  };

  void recount_page(std::optional<storage::Cursor> after, storage::Done done);
  void finish_recount(const base::Status& status, const storage::Done& done);
  storage::Decision decide_add(Add& add, const storage::EntryView* kept);
  base::Status judge_room(const base::NodeId& target, const HintChange& change) const;
  void finish_add(Add& add, const base::Status& status);
  storage::Decision decide_removal(Removal& removal, const storage::EntryView* kept);
  void list_page(const base::NodeId& target, storage::Scan scan, HintStamp frontier,
                 std::function<void(base::Result<std::vector<Hint>>)> done);
  void count(const base::NodeId& target, const HintChange& change);
  void note_dropped(const base::NodeId& target, std::optional<base::Token> token,
                    const std::string& why);

  storage::Engine& engine_;
  const base::Clock& clock_;
  base::Log& log_;
  const HintLimits limits_;
  const OnDropped on_dropped_;
  const base::MonotonicTime started_;
  const base::WallTime started_wall_;
  HintLedger ledger_;
  uint64_t last_sequence_ = 0;
  std::map<uint64_t, base::WallTime> adding_;  // Adds that are not over, by sequence.
  std::optional<Recount> recount_;
  std::optional<base::MonotonicTime> drop_logged_;
};

}  // namespace distkv::replica
