// What distkv asks of a storage engine. Four kinds stand behind it: lsm/ (the next one), leveldb/,
// map/ (memory), and the simulator's.
//
// Keys are ordered by (space, token, key); a key holds one entry of `meta` (causal state) and
// `value`. An engine has one owner thread: every call comes from it and every callback runs on it.
// A callback may run before the call that took it returns. What is *visible* may still be lost in a
// crash; what is *durable* may not. Under kGroup nothing is answered before it is durable: a read
// that meets a visible entry waits until that entry is durable.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace distkv::storage {

// Separate key spaces of one engine, in one log. The numbers are on disk.
enum class Space : uint8_t { kData = 1, kHints = 2, kNode = 3 };

// A key with its place; `key` is a view the caller keeps alive for the length of the call only.
struct KeyRef {
  Space space = Space::kData;
  base::Token token;
  std::string_view key;
};

struct Entry {
  std::string meta;
  std::string value;
  friend bool operator==(const Entry&, const Entry&) = default;
};

// Views into an engine's memory, valid until the callback that got them returns, or for try_get
// until the next call on the engine.
struct EntryView {
  std::string_view meta;
  std::string_view value;
};

// kMeta may leave `value` empty, and may save reading it.
enum class Part : uint8_t { kMeta, kAll };

// kGroup: answered when on disk, many writes to one sync. kMemory: answered when visible.
enum class Durability : uint8_t { kGroup, kMemory };

enum class Lookup : uint8_t { kFound, kAbsent, kWouldBlock };

// Absent: nullopt.
using GetDone = std::function<void(base::Result<std::optional<EntryView>>)>;
using Done = std::function<void(base::Status)>;

// What an update does to the entry it saw.
struct Decision {
  enum class Action : uint8_t { kKeep, kPut, kErase } action = Action::kKeep;
  Entry entry;  // For kPut.
};

struct Update {
  KeyRef key;
  Durability durability = Durability::kGroup;
  bool frees_space = false;  // A deletion: taken although the disk is full.
  // Damaged tables (DamagedRange::id) that do not stop this update: where one of them cannot be
  // read, `decide` sees null. For a writer that brings the whole entry from elsewhere.
  std::vector<uint64_t> replaces_damaged = {};
  // Sees the current entry (null: absent; visible, not necessarily durable) and decides. Runs once;
  // must be pure but for what it captures. Not run if the read failed.
  std::function<Decision(const EntryView* current)> decide;
  // The decision is visible to later calls. Not called if the read failed. May be empty.
  std::function<void()> visible;
  // The decision, and whatever `decide` saw, is durable; or why it is not: kIo, kCorrupt, kNoSpace,
  // kOverloaded. After a failed sync the engine answers nothing but that failure.
  Done durable;
};

// One write of a batch; `entry` null erases.
struct Write {
  Space space = Space::kData;
  base::Token token;
  std::string key;
  std::optional<Entry> entry;
};

// Tokens from `first` to `last`, both included, of one space.
struct Range {
  Space space = Space::kData;
  base::Token first;
  base::Token last{UINT64_MAX};
  friend bool operator==(const Range&, const Range&) = default;
};

// A stretch whose entries may be lost to damage: reads of them answer kCorrupt, never "absent".
struct DamagedRange {
  Range range;
  uint64_t id = 0;  // Of the damaged table, which may have several such ranges.
  friend bool operator==(const DamagedRange&, const DamagedRange&) = default;
};

struct Item {
  base::Token token;
  std::string key;
  Entry entry;
};

// A place in a scan: everything up to and including it was returned.
struct Cursor {
  base::Token token;
  std::string key;
};

struct Page {
  std::vector<Item> items;
  bool is_last = true;  // Nothing is left in the range.
  // How far the page looked: `after` of the next one. A page may end early, even without items,
  // where much was erased. Set if the page is not the last.
  std::optional<Cursor> last;
};

// A frozen view of a range. Dropping it frees what it pins; it must not outlive its engine.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
};

struct Scan {
  Range range;
  const Snapshot* snapshot = nullptr;  // Null: each page sees what is durable when it is read.
  std::optional<Cursor> after;         // Nullopt: from the start of the range.
  size_t items_max = 256;
  size_t bytes_max = 1 << 20;  // A page ends after the item that passes it.
  Part part = Part::kAll;
};

using ScanDone = std::function<void(base::Result<Page>)>;

struct Sample {
  uint64_t bytes_pending = 0;  // Visible, not yet durable.
  uint64_t syncs = 0;          // Group commits since the start.
  uint64_t writes = 0;
  uint64_t reads = 0;
  uint64_t bytes_on_disk = 0;   // Of the store's files.
  uint64_t tables = 0;          // Immutable files of rows.
  uint64_t tables_damaged = 0;  // Of these; answers kCorrupt for what only they hold.
  std::string trouble;          // Why it cannot do all it should, as a sentence; empty: it can.
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Answers from memory without waiting, or says it would block (then use get).
  virtual base::Result<Lookup> try_get(const KeyRef& key, Part part, EntryView& found) = 0;
  virtual void get(const KeyRef& key, Part part, GetDone done) = 0;

  // Atomic read-modify-write. Updates and writes of one key run in the order they were asked for;
  // one whose entry must be fetched from disk may be overtaken by those of other keys. All become
  // durable in the order in which they became visible.
  virtual void update(Update update) = 0;
  // All or nothing. `done` as Update::durable.
  virtual void write(std::vector<Write> batch, Durability durability, Done done) = 0;

  virtual std::unique_ptr<Snapshot> take_snapshot(const Range& range) = 0;
  // One page in (token, key) order.
  virtual void scan(const Scan& scan, ScanDone done) = 0;
  // Erases everything in the range.
  virtual void drop_range(const Range& range, Done done) = 0;

  // `done` when all that was visible at the call is durable.
  virtual void sync(Done done) = 0;
  // Ends in order: everything visible is durable, and the next open has nothing to repair. Nothing
  // else may be asked after it.
  virtual void close(Done done) { sync(std::move(done)); }
  // A copy of the durable state in the new directory `directory`, openable as a store of its own.
  virtual void checkpoint(const std::string& directory, Done done) = 0;

  // What is known to be damaged, by id and ascending.
  virtual std::vector<DamagedRange> damaged() const { return {}; }
  // Heals the tables of these ids (unknown ones are healed already): all that can be read stays;
  // what they may hold or hide beside that is gone. To be asked once everything the store should
  // hold of their ranges was offered to it again, by updates that replace what they damaged. Either
  // all of it is durable or nothing has changed: kCorrupt if more is damaged than damaged() said,
  // kIo, kNoSpace; ask damaged() again.
  virtual void heal(std::vector<uint64_t> ids, Done done) {
    (void)ids;
    done(base::Status::ok());
  }

  // Where a write of this durability lies when its `durable` runs.
  virtual base::Persistence persistence(Durability durability) const {
    return durability == Durability::kGroup ? base::Persistence::kDisk : base::Persistence::kMemory;
  }
  // 0: idle; from 0.5 on writers should slow down; at 1 writes are refused with kOverloaded.
  virtual double pressure() const = 0;
  virtual Sample sample() const = 0;
};

}  // namespace distkv::storage
