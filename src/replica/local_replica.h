// This node's copy of the keys it holds: reads, merges and mints over the storage engine.
//
// Invariants: what a record stands for only grows: merge never forgets, and what is taken from a
// record, or a record taken away whole, is below the horizon of its partition (holdings.h), here or
// at the replica that said so. A dot is minted only after reading the key's own record, in the same
// atomic update, and above the store's floor. Nothing is answered before it is durable.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "causality/record.h"
#include "replica/dot_clock.h"
#include "replica/hash_tree.h"
#include "replica/holdings.h"
#include "ring/layout.h"
#include "storage/engine.h"
#include "wire/frame.h"

namespace distkv::replica {

// A put may leave a single value of any allowed size, but siblings of no more than this together.
// Each of N replicas stops there by itself, so what they merge to still fits one frame.
inline constexpr size_t kSiblingBytesMax = base::kValueBytesMax;
static_assert((kSiblingBytesMax + (1 << 20)) * ring::kReplicasMax <= wire::kPeerFrameBytesMax);

// A record as it is stored and sent. Both empty: the replica holds nothing of the key.
struct RecordView {
  std::string_view meta;
  std::string_view values;
  bool is_absent() const { return meta.empty(); }
  // causality::digest of `meta`, zero if absent.
  uint64_t digest() const;
};

// The same, owned.
struct RecordBytes {
  std::string meta;
  std::string values;
  RecordView view() const { return {meta, values}; }
};

RecordBytes encode(const causality::Record& record);
// Absent bytes are an empty record.
base::Result<causality::Record> decode(const RecordView& bytes);
// Nothing but tombstones is left of the key: an engine takes it although its disk is full.
bool is_deletion(const RecordView& bytes);

struct Minted {
  RecordBytes bytes;           // The key's new state; the old one if is_repeat.
  causality::Context context;  // For the client, as PutOutcome has it.
  bool is_repeat = false;
};

// A key and its place, as views the caller keeps for the length of a call.
struct KeyPlace {
  std::string_view key;
  base::Token token;
};

class LocalReplica {
 public:
  // All must outlive this. `tree` is told of each change as it becomes visible.
  LocalReplica(storage::Engine& engine, DotClock& clock, HashTree& tree, const Holdings& holdings,
               storage::Durability durability)
      : engine_(engine), clock_(clock), tree_(tree), holdings_(holdings), durability_(durability) {}

  // Applies one client put under a new dot. `minted` runs when the write is visible (or with why it
  // was not made); `durable` only after a successful mint, when it is on disk or with why it may
  // not be. What `put.context` points to must live until `minted` has run.
  void mint(const KeyPlace& place, causality::Put put,
            std::function<void(base::Result<Minted>)> minted, storage::Done durable);

  // Merges a whole record; `done` when the merged state is durable. What of it is obsolete by the
  // partition's horizon is left out, and that is no failure.
  void apply(const KeyPlace& place, const RecordView& record, storage::Done done);
  // The same for a record just minted elsewhere: kUnavailable if it would be left out in part, for
  // its write would be acknowledged and lost. The replica that minted it has forgotten a promise.
  void replicate(const KeyPlace& place, const RecordView& record, storage::Done done);

  // As apply, but also in the place of a record lost to damage of these tables (see
  // storage::Engine::damaged): only for one that is known to hold all that was acknowledged. With
  // damage the horizon is no judge of what is obsolete.
  void restore(const KeyPlace& place, const RecordView& record,
               const std::vector<uint64_t>& damaged, storage::Done done);

  // Takes the record away if it is spent at the partition's horizon (causality::is_spent). `done`
  // when that is durable; true if it was.
  void collect(const KeyPlace& place, std::function<void(base::Result<bool>)> done);
  // Takes out what is obsolete by another replica's horizon of the partition, which held this of
  // the key (absent: nothing) when it had that horizon. `done` when that is durable.
  void settle(const KeyPlace& place, const RecordView& other, base::Counter horizon,
              storage::Done done);

  // Of the token's partition (holdings.h).
  base::Counter horizon(base::Token token) const { return holdings_.horizon(token); }
  // Where a write lies once it was answered.
  base::Persistence persistence() const { return engine_.persistence(durability_); }

  // From now on nothing is written: what is asked for gets kShuttingDown.
  void close() { is_closed_ = true; }
  // No mint or merge is under way, so the tree will not change any more once this is closed.
  bool is_idle() const { return writes_ == 0; }

  // The record, durable. Views live for the call. Also of a partition that is behind.
  void read(const KeyPlace& place, std::function<void(base::Result<RecordView>)> done);
  // As read, for a client: kUnavailable where the partition is behind, which would answer without
  // what this store once acknowledged.
  void read_for_client(const KeyPlace& place, std::function<void(base::Result<RecordView>)> done);

 private:
  // What a merge does with what is obsolete.
  enum class Obsolete : uint8_t { kLeftOut, kRefused, kKept };
  void merge(const KeyPlace& place, const RecordView& record, Obsolete obsolete,
             const std::vector<uint64_t>& damaged, storage::Done done);
  template <typename Change>
  void rewrite(const KeyPlace& place, Change change, bool frees_space,
               const std::vector<uint64_t>& damaged, storage::Done done);

  storage::Engine& engine_;
  DotClock& clock_;
  HashTree& tree_;
  const Holdings& holdings_;
  storage::Durability durability_;
  size_t writes_ = 0;  // Asked for and not over.
  bool is_closed_ = false;
};

}  // namespace distkv::replica
