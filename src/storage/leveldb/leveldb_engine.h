// The LevelDB engine: LevelDB keeps the bytes, this class keeps the owner thread from ever waiting
// for it and gives it what it lacks: atomic read-modify-write and group commit.
//
// Updates, writes and drops are commands in one line, decided strictly in the order they were asked
// for: a command whose read is out holds back those behind it, whose own reads run meanwhile. A
// decided write is visible in the overlay at once and goes to the group writer. Invariants:
//   - what is decided is decided on everything decided before it;
//   - no answer shows a kGroup write before it is on disk;
//   - after a failed write or sync nothing is answered but that failure.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/durability_gate.h"
#include "storage/engine.h"
#include "storage/executor.h"
#include "storage/leveldb/database.h"
#include "storage/leveldb/group_writer.h"
#include "storage/leveldb/overlay.h"
#include "storage/leveldb/read_queue.h"

namespace distkv::storage::leveldb {

class LevelDbEngine : public Engine {
 public:
  // Blocks: call it before the loop runs. `writer` must have one thread behind it; both executors
  // must outlive the engine and be drained before it goes. Call sync and wait for it before that:
  // what is visible but not durable is lost otherwise. kIo, naming the directory, if it is locked
  // by another process or unusable; kCorrupt if it is damaged.
  static base::Result<std::unique_ptr<LevelDbEngine>> open(const Options& options, Executor& writer,
                                                           Executor& readers);
  // For open.
  LevelDbEngine(const Options& options, std::unique_ptr<Database> database, Executor& writer,
                Executor& readers);

  // Answers from the overlay alone: LevelDB cannot promise to stay off the disk.
  base::Result<Lookup> try_get(const KeyRef& key, Part part, EntryView& found) override;
  // Sees every update of the key asked for before it.
  void get(const KeyRef& key, Part part, GetDone done) override;
  void update(Update update) override;
  void write(std::vector<Write> batch, Durability durability, Done done) override;
  // Shows what is visible at the call (updates that wait for a read are not); scans of it wait
  // until that is durable.
  std::unique_ptr<Snapshot> take_snapshot(const Range& range) override;
  void scan(const Scan& scan, ScanDone done) override;
  // Reads the whole range on the writer: writes asked for meanwhile wait behind it. A crash within
  // leaves a part erased.
  void drop_range(const Range& range, Done done) override;
  void sync(Done done) override;
  // LevelDB has no links: reads and writes everything, on a reader.
  void checkpoint(const std::string& directory, Done done) override;
  double pressure() const override;
  Sample sample() const override;

 private:
  // Something that changes entries, in its place in the line.
  struct Command {
    std::vector<std::string> keys;  // Encoded; what it may change, or for a get what it reads.
    bool is_drop = false;
    Sequence read_from;     // What was durable when it joined: its read shows at least that.
    bool is_ready = false;  // Needs no read, or has it.
    base::Status read_status;
    std::optional<Entry> read;
    std::function<void(const Command&)> run;
  };
  struct Outcome {
    Durability durability = Durability::kGroup;
    std::function<void()> visible;
    Done durable;
  };

  // Why a command cannot be taken now; ok if it can.
  base::Status refusal() const;
  // Puts a command at the end of the line; with a read of its key unless the overlay will know.
  void join(std::shared_ptr<Command> command);
  void join_with_read(const std::string& key, std::function<void(const Command&)> run);
  std::shared_ptr<Command> leave();
  // A command in the line may change the key.
  bool is_undecided(const std::string& key) const;
  void advance();
  void decide(const std::string& key, const Update& update, const Command& command);
  void answer_pending(const Pending& pending, Part part, GetDone done);
  void answer_kept(const Update& update, const std::optional<Pending>& pending);
  void commit(WriteItem item, Outcome outcome);
  void committed(Sequence last, const base::Status& status);
  void purge();
  void start_scan(const Scan& scan, std::shared_ptr<PinSlot> slot, ScanDone done);

  uint64_t pending_bytes_max_;
  Executor& readers_;
  std::unique_ptr<Database> database_;
  DurabilityGate gate_;
  Overlay overlay_;
  ReadQueue reads_;
  GroupWriter writes_;
  std::deque<std::shared_ptr<Command>> commands_;
  std::unordered_map<std::string, size_t> undecided_;  // How many commands in the line name a key.
  size_t drops_undecided_ = 0;
  bool is_advancing_ = false;
  Sample sample_;
};

}  // namespace distkv::storage::leveldb
