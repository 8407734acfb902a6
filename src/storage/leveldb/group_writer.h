// Group commit: decided writes gather while the previous group's sync runs and then go to LevelDB
// as one batch with one sync. Never on a timer: an idle disk makes a group of one.
// Invariant: groups reach the disk in the order of their items, one at a time, and after a failed
// group none follows (pages count as clean after a failed fsync, so a later success proves
// nothing).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "storage/durability_gate.h"
#include "storage/executor.h"
#include "storage/leveldb/database.h"

namespace distkv::storage::leveldb {

// Filled by the writer once everything before it is durable; read on the owner's thread after that.
struct PinSlot {
  std::shared_ptr<const Pin> pin;
};

// One write of the engine, a range to drop, or a snapshot to take in between.
struct WriteItem {
  Sequence sequence;
  std::vector<Change> changes;
  std::optional<Range> drop;
  std::shared_ptr<PinSlot> pin;
};

class GroupWriter {
 public:
  // Everything up to the sequence is durable, or the writer has stopped and says why.
  using Committed = std::function<void(Sequence, base::Status)>;

  GroupWriter(Database& database, Executor& writer, Committed committed)
      : database_(database), writer_(writer), committed_(std::move(committed)) {}

  void push(WriteItem item);
  uint64_t bytes_pending() const { return bytes_pending_; }
  uint64_t groups() const { return groups_; }

 private:
  struct Group {
    std::vector<Change> changes;
    std::optional<Range> drop;
    std::shared_ptr<PinSlot> pin;
    Sequence last;
    uint64_t bytes = 0;
    base::Status status;
  };

  static void commit(Database& database, Group& group);
  std::shared_ptr<Group> next_group();
  void start();
  void finish(const Group& group);

  Database& database_;
  Executor& writer_;
  Committed committed_;
  std::deque<WriteItem> queue_;
  uint64_t bytes_pending_ = 0;
  uint64_t groups_ = 0;
  bool is_busy_ = false;
  bool has_failed_ = false;
};

}  // namespace distkv::storage::leveldb
