// The memory engine: everything in one ordered hash table a space. It is the baseline of every
// benchmark, the oracle of the other engines' tests, and `--engine memory`.
//
// Without a journal a write is durable when it is visible and every callback runs inside the call.
// With one (the simulator's disk) it is visible at once and durable when the journal says so.
// Invariant: no answer shows a kGroup write before it is durable.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "storage/durability_gate.h"
#include "storage/engine.h"
#include "storage/map/journal.h"
#include "storage/map/map_snapshot.h"
#include "storage/map/token_table.h"

namespace distkv::storage::map {

class MapEngine : public Engine {
 public:
  // More than any disk makes durable in a second; beyond it writers wait in vain.
  static constexpr uint64_t kPendingBytesMax = 64 << 20;

  // `journal` may be null and must otherwise outlive the engine.
  explicit MapEngine(Journal* journal = nullptr, uint64_t pending_bytes_max = kPendingBytesMax);

  // Takes over what survived: writes in their order, as durable, past the journal. Before any other
  // call; may be called repeatedly.
  void load(std::vector<Write> writes);

  base::Result<Lookup> try_get(const KeyRef& key, Part part, EntryView& found) override;
  void get(const KeyRef& key, Part part, GetDone done) override;
  void update(Update update) override;
  void write(std::vector<Write> batch, Durability durability, Done done) override;
  std::unique_ptr<Snapshot> take_snapshot(const Range& range) override;
  void scan(const Scan& scan, ScanDone done) override;
  void drop_range(const Range& range, Done done) override;
  void sync(Done done) override;
  // Always kInvalidArgument: memory holds nothing that could be copied and opened.
  void checkpoint(const std::string& directory, Done done) override;
  base::Persistence persistence(Durability durability) const override;
  double pressure() const override;
  Sample sample() const override;

 private:
  // An erasure that is not durable yet; its slot goes when it is.
  struct Erasure {
    Sequence sequence;
    Space space;
    Place place;
  };
  struct Commit {
    Sequence sequence;
    Durability durability;
    std::function<void()> visible;
    Done durable;
  };

  TokenTable& table_of(Space space);
  // Why a write cannot be taken now; ok if it can.
  base::Status refusal() const;
  void apply(const KeyRef& key, std::optional<Entry> entry, Sequence sequence,
             Durability durability);
  void remove(Space space, const PlaceView& place);
  void keep_for_snapshots(Space space, const PlaceView& place, const Slot* slot);
  void commit(std::vector<Write> batch, Commit commit);
  void finish(Sequence sequence, uint64_t bytes, const base::Status& status);
  void sweep_erasures();
  void answer_kept(const Update& update, const Slot* slot);
  void answer(const Slot* slot, Part part, const GetDone& done);

  Journal* journal_;
  uint64_t pending_bytes_max_;
  DurabilityGate gate_;
  std::array<TokenTable, 3> tables_;
  std::vector<std::weak_ptr<Frozen>> snapshots_;
  std::deque<Erasure> erasures_;
  // Slots taken out while a get's callback may still look at them.
  std::vector<TokenTable::Tree::node_type> retired_;
  int callbacks_running_ = 0;
  Sample sample_;
};

}  // namespace distkv::storage::map
