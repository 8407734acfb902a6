// What two replicas say to each other while they compare their hash trees (src/repair/README.md
// tells how the messages work together). Part of messages.h, which has their limits; views as
// there.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "wire/frame.h"

namespace distkv::wire {

// "These are the roots of my hash trees: which of yours differ?"
struct RootsRequest {
  static constexpr MessageType kType = MessageType::kRootsRequest;
  base::LayoutVersion layout_version;
  std::vector<uint32_t> partitions;  // Ascending.
  std::vector<uint64_t> roots;       // One for each.
  friend bool operator==(const RootsRequest&, const RootsRequest&) = default;
};

// Of the partitions asked for; those in neither list have the same root here.
struct RootsReply {
  static constexpr MessageType kType = MessageType::kRootsReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  std::vector<uint32_t> differing;
  std::vector<uint32_t> unready;  // Their trees are not built here: nothing can be said.
  friend bool operator==(const RootsReply&, const RootsReply&) = default;
};

// "Send me the leaves of your tree of this partition."
struct LeavesRequest {
  static constexpr MessageType kType = MessageType::kLeavesRequest;
  base::LayoutVersion layout_version;
  base::PartitionId partition;
  std::vector<uint16_t> leaves;  // Ascending; empty: all of the partition.
  base::Counter horizon = {};    // The asker's, of the partition.
  friend bool operator==(const LeavesRequest&, const LeavesRequest&) = default;
};

struct LeavesReply {
  static constexpr MessageType kType = MessageType::kLeavesReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  std::vector<uint64_t> hashes;  // In the order asked for.
  base::Counter horizon = {};    // The peer's, of the partition.
  friend bool operator==(const LeavesReply&, const LeavesReply&) = default;
};

// "These are my records of these leaves, as tags: which do you lack, and what have you beside
// them?" About the keys behind `after` up to `through` (empty: from the first, to the last), in
// order of token, then key, in the leaves named. A tag is half of a record's salted hash.
struct KeysRequest {
  static constexpr MessageType kType = MessageType::kKeysRequest;
  base::LayoutVersion layout_version;
  std::vector<uint16_t> leaves;  // Ascending, at least one.
  std::string_view after;
  std::string_view through;
  uint64_t salt = 0;  // Another one each time: two records that look alike now will differ then.
  std::vector<uint32_t> tags;
  friend bool operator==(const KeysRequest&, const KeysRequest&) = default;
};

struct TreeRecord {
  std::string_view key;
  std::string_view meta;    // causality::encode_record; empty: no such record.
  std::string_view values;  // Empty where only the causal state is told.
  friend bool operator==(const TreeRecord&, const TreeRecord&) = default;
};

struct KeysReply {
  static constexpr MessageType kType = MessageType::kKeysReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  std::vector<uint32_t> missing;    // Places among the tags. Those behind `last` mean nothing.
  std::vector<TreeRecord> surplus;  // Without values.
  std::string_view last;            // How far it looked; empty: as far as it was asked.
  friend bool operator==(const KeysReply&, const KeysReply&) = default;
};

// "Send me these records, whole."
struct FetchRequest {
  static constexpr MessageType kType = MessageType::kFetchRequest;
  base::LayoutVersion layout_version;
  std::vector<std::string_view> keys;
  friend bool operator==(const FetchRequest&, const FetchRequest&) = default;
};

struct FetchReply {
  static constexpr MessageType kType = MessageType::kFetchReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  std::vector<TreeRecord> records;  // Of the first keys asked for, in their order; at least one.
  friend bool operator==(const FetchReply&, const FetchReply&) = default;
};

// "Merge these whole records into yours"; answered with ApplyReply when all are durable.
struct MergeRequest {
  static constexpr MessageType kType = MessageType::kMergeRequest;
  base::LayoutVersion layout_version;
  std::vector<TreeRecord> records;
  friend bool operator==(const MergeRequest&, const MergeRequest&) = default;
};

// The steps by which the replicas of a partition come to a common horizon (repair/README.md).
enum class HorizonStep : uint8_t {
  kPromise = 1,  // Mint nothing at or below it any more.
  kProve = 2,    // Say whether, since this was first asked, all that you hold is everywhere.
  kAdopt = 3,    // Every replica has proven it: this is your horizon now.
  kInherit = 4,  // You are getting these partitions, which have a horizon up to this one: answer
                 // for them only once you have come by it.
};

// "Take this step towards this horizon, in these partitions."
struct HorizonRequest {
  static constexpr MessageType kType = MessageType::kHorizonRequest;
  base::LayoutVersion layout_version;
  HorizonStep step = HorizonStep::kPromise;
  base::Counter horizon = {};
  std::vector<uint32_t> partitions;  // Ascending.
  friend bool operator==(const HorizonRequest&, const HorizonRequest&) = default;
};

struct HorizonReply {
  static constexpr MessageType kType = MessageType::kHorizonReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  std::vector<uint32_t> partitions;  // Of those asked for, where the step is taken; ascending.
  friend bool operator==(const HorizonReply&, const HorizonReply&) = default;
};

// ---- In status.

// When a partition that the node holds was last proven equal at all its replicas.
struct PartitionProof {
  static constexpr uint32_t kNever = UINT32_MAX;
  uint32_t partition = 0;
  uint32_t age_s = kNever;  // Seconds ago; kNever: not since the node started.
  friend bool operator==(const PartitionProof&, const PartitionProof&) = default;
};

struct AntiEntropyStatus {
  std::vector<PartitionProof> proofs;  // Of each partition the node is a replica of; ascending.
  uint32_t dirty = 0;                  // Partitions known or suspected to differ somewhere.
  uint32_t building = 0;               // Partitions whose tree is not built yet.
  uint64_t rounds = 0;                 // Comparisons with a peer that this node began and ended.
  uint64_t records = 0;                // Moved in exchanges that this node drove.
  uint64_t bytes = 0;                  // All frames of these comparisons and exchanges.
  uint64_t mismatches = 0;             // Parts of the tree that were found wrong, and replaced.
  uint64_t collected = 0;              // Deleted or expired records that were taken away for good.
  uint32_t behind = 0;                 // Partitions whose lost writes are not all back yet.
  friend bool operator==(const AntiEntropyStatus&, const AntiEntropyStatus&) = default;
};

}  // namespace distkv::wire
