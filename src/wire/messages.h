// Every message of the protocol as a plain struct. The strings are views: of the sender's own bytes
// when encoding, of the frame when decoding, and live no longer than that.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bounded_vector.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/types.h"
#include "wire/explain_messages.h"
#include "wire/frame.h"
#include "wire/hint_messages.h"
#include "wire/trace_messages.h"
#include "wire/tree_messages.h"

namespace distkv::wire {

// ---- Limits of fields, judged by decode; those of keys, values and names: base/types.h ----------

// More than the client's patience or the operator's; longer is a unit mistaken.
inline constexpr std::chrono::milliseconds kTimeoutMax = std::chrono::hours(1);
// A century: now plus it overflows nothing.
inline constexpr std::chrono::milliseconds kTtlMax = std::chrono::hours(24 * 36525);
// Likewise; an age beyond it comes of clocks that were set, and is cut.
inline constexpr std::chrono::milliseconds kAgeMax = kTtlMax;
// The year 10000, where calendars stop.
inline constexpr std::chrono::milliseconds kWallTimeMax{253'402'300'800'000};
// An error's sentence and an explanation's verdict. Encoding cuts longer ones: better a shorter
// reason than none.
inline constexpr size_t kTextBytesMax = 4096;
inline constexpr size_t kEngineNameBytesMax = 64;      // A word in a line of status.
inline constexpr size_t kCheckpointNameBytesMax = 64;  // A directory's name.
inline constexpr size_t kPathBytesMax = 4096;          // PATH_MAX of Linux.
inline constexpr uint16_t kPermilleMax = 1000;
inline constexpr size_t kContextBytesMax = 64 * 1024;  // 1024 actors, twice, as varints.
// A context, and the dot, id, expiry and length of each sibling.
inline constexpr size_t kRecordMetaBytesMax = 128 * 1024;
// Two layouts, each of 16384 partitions, 7 replicas and 1000 nodes, are half of it.
inline constexpr size_t kLayoutsBytesMax = 2 * 1024 * 1024;
inline constexpr size_t kReplyNodesMax = 64;  // Replicas in two layouts, and their fallbacks.
// The siblings of a key: each replica takes 32 by itself, and reads merge those of 7 cut apart.
inline constexpr size_t kReplyValuesMax = 224;
inline constexpr size_t kExplainHintsMax = 256;  // Of one key: each replica may keep some.
// Events of one timeline: every replica of two layouts, asked and asked again.
inline constexpr size_t kTraceEventsMax = 128;
inline constexpr size_t kTraceTextBytesMax = 256;  // Of one event: a reason, not a report.
inline constexpr size_t kHotKeysMax = 64;          // As many as are ever tracked.
inline constexpr size_t kHotKeyBytesMax = 256;   // Enough to tell keys apart; longer ones are cut.
inline constexpr size_t kPulledMax = 1024;       // Records in one page.
inline constexpr size_t kMembersMax = 4000;      // Rows of a member table, in one frame.
inline constexpr size_t kGossipUpdatesMax = 64;  // More never fit a datagram.
// Partitions of the largest layout; leaves of the largest partition.
inline constexpr size_t kTreePartitionsMax = 16384;
inline constexpr size_t kTreeLeavesMax = 65536;
// Records compared, keys asked for, or leaves looked into, at once: a batch for both sides to keep
// in memory.
inline constexpr size_t kTreeRecordsMax = 4096;
inline constexpr uint32_t kWeightMax = 10'000;  // Virtual nodes of one node, as in a layout.

enum class Consistency : uint8_t { kOne = 0, kQuorum = 1, kAll = 2 };

// ---- Clients -----------------------------------------------------------------------------------

// Also the frame that forwards a put to a replica of the key.
struct PutRequest {
  static constexpr MessageType kType = MessageType::kPutRequest;
  std::string_view key;
  std::string_view value;
  std::optional<std::string_view> context;  // A token of causality; none: blind.
  base::OpId op_id;                         // The same in every retry of one operation; never zero.
  std::chrono::milliseconds ttl{0};         // Zero: never expires.
  std::chrono::milliseconds timeout{0};     // What is left of the client's patience.
  Consistency consistency = Consistency::kQuorum;
  bool is_delete = false;
  bool is_forwarded = false;  // By a node: answer kStaleLayout rather than forward again.
  bool wants_trace = false;   // The timeline, in the reply.
  friend bool operator==(const PutRequest&, const PutRequest&) = default;
};

struct PutReply {
  static constexpr MessageType kType = MessageType::kPutReply;
  base::Code code = base::Code::kOk;
  std::string_view message;                    // Why not, if not.
  std::string_view context;                    // Token: the request's context and the new dot.
  std::vector<std::string_view> acknowledged;  // Node ids that hold it, as `persistence` says.
  std::vector<std::string_view> hinted;        // Node ids it is kept for.
  // Stored, but an attempt before may be carried out as well: it may be stored once more, later.
  bool may_repeat = false;
  // Of each of `acknowledged`, in that order; empty: from a node too old to say.
  base::BoundedVector<base::Persistence, kReplyNodesMax> persistence{};
  // The layouts whose replicas the write was made for; the previous one while partitions move.
  // Zero: there is none.
  base::LayoutVersion layout_version{};
  base::LayoutVersion previous_layout_version{};
  // If asked for: of the coordinator and, where the node asked is no replica, of that node.
  std::optional<Trace> trace{};
  std::optional<Trace> forwarding{};
  std::chrono::milliseconds retry_after{0};  // With kOverloaded: how long to stay away.
  friend bool operator==(const PutReply&, const PutReply&) = default;
};

struct GetRequest {
  static constexpr MessageType kType = MessageType::kGetRequest;
  std::string_view key;
  std::chrono::milliseconds timeout{0};
  Consistency consistency = Consistency::kQuorum;
  bool wants_siblings = false;  // All values; else the newest alone.
  bool wants_trace = false;     // The timeline, in the reply.
  // A token of causality: the answer must have seen all of it, or be kBehind.
  std::optional<std::string_view> at_least{};
  friend bool operator==(const GetRequest&, const GetRequest&) = default;
};

struct GetReply {
  static constexpr MessageType kType = MessageType::kGetReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  std::string_view context;                  // Of what was read, also when nothing is alive.
  uint32_t sibling_count = 0;                // Versions alive; zero: the key is absent.
  std::vector<std::string_view> values;      // Newest first; one, or all if asked for.
  std::optional<Trace> trace{};              // If asked for.
  std::chrono::milliseconds retry_after{0};  // With kOverloaded: how long to stay away.
  friend bool operator==(const GetReply&, const GetReply&) = default;
};

struct StatusRequest {
  static constexpr MessageType kType = MessageType::kStatusRequest;
  friend bool operator==(const StatusRequest&, const StatusRequest&) = default;
};

struct StatusNode {
  std::string_view id;
  std::string_view endpoint;
  MemberState state = MemberState::kAlive;
  base::WallTime last_seen{};
  friend bool operator==(const StatusNode&, const StatusNode&) = default;
};

struct HotKey {
  std::string_view key;    // Its first bytes, at most kHotKeyBytesMax.
  uint32_t key_bytes = 0;  // Of the whole key.
  uint64_t reads = 0;      // Of the recent ones; at most `error` too many.
  uint64_t error = 0;
  friend bool operator==(const HotKey&, const HotKey&) = default;
};

struct StatusReply {
  static constexpr MessageType kType = MessageType::kStatusReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  std::string_view node_id;  // Who answers.
  std::string_view cluster_name;
  std::string_view engine;
  std::vector<StatusNode> nodes;  // Ascending by id.
  uint64_t requests = 0;          // Client requests this node answered.
  uint64_t latency_mean_us = 0;   // Of those, microseconds.
  uint64_t layout_version = 0;
  bool is_settled = true;  // No partition is moving.
  uint32_t partition_count = 0;
  uint32_t replica_count = 0;  // Effective N.
  uint64_t hints_pending = 0;
  uint64_t read_repairs = 0;
  // Of the node's store; from a node too old to say, zero and empty.
  uint16_t pressure_permille = 0;  // 0: idle; 1000: writes are refused.
  uint64_t bytes_on_disk = 0;
  std::string_view storage_state{};  // "ok", or what is wrong with it.
  // Of what the node keeps for others; from a node too old to say, zero.
  uint64_t hint_bytes = 0;
  std::chrono::milliseconds hint_age{0};  // Of the oldest that is pending.
  uint64_t hints_dropped = 0;             // Since it started.
  uint32_t dirty_partitions = 0;          // Missed a dropped hint, so they wait for repair.
  std::optional<AntiEntropyStatus> anti_entropy{};
  std::vector<HotKey> hot_keys{};  // Read through this node; hottest first.
  uint64_t recent_reads = 0;       // Of all keys: what `hot_keys` are a part of.
  // Requests refused at their first bytes, for lack of room; what those under way hold, and the
  // most they may. From a node too old to say, zero.
  uint64_t requests_refused = 0;
  uint64_t request_bytes = 0;
  uint64_t request_bytes_max = 0;
  friend bool operator==(const StatusReply&, const StatusReply&) = default;
};

// "Copy your store while you run", to the node that gets it.
struct CheckpointRequest {
  static constexpr MessageType kType = MessageType::kCheckpointRequest;
  std::string_view name;  // Judged by the node.
  std::chrono::milliseconds timeout{0};
  friend bool operator==(const CheckpointRequest&, const CheckpointRequest&) = default;
};

struct CheckpointReply {
  static constexpr MessageType kType = MessageType::kCheckpointReply;
  base::Code code = base::Code::kOk;  // kOk: the copy is complete.
  std::string_view message;
  std::string_view node_id;    // Whose store was copied.
  std::string_view directory;  // Where the copy is, on that node's machine.
  friend bool operator==(const CheckpointReply&, const CheckpointReply&) = default;
};

// Instead of any reply: the request could not even be understood, or is not served here.
struct ErrorReply {
  static constexpr MessageType kType = MessageType::kError;
  base::Code code = base::Code::kInvalidArgument;
  std::string_view message{};
  std::chrono::milliseconds retry_after{0};  // With kOverloaded: how long to stay away.
  friend bool operator==(const ErrorReply&, const ErrorReply&) = default;
};

// ---- Nodes -------------------------------------------------------------------------------------

// Boot generation first, then how often the node refuted an accusation since that boot. No wall
// clock in it.
struct Incarnation {
  uint64_t generation = 0;
  uint32_t refutations = 0;
  friend auto operator<=>(const Incarnation&, const Incarnation&) = default;
};

// Opens every stream between nodes. A node that is in no cluster yet has a zero cluster id, and may
// only send JoinRequest.
struct Greeting {
  static constexpr MessageType kType = MessageType::kGreeting;
  base::ClusterId cluster_id;
  std::string_view cluster_name;
  std::string_view node_id;
  friend bool operator==(const Greeting&, const Greeting&) = default;
};

// "Merge this whole record into yours, and answer when it is durable."
struct ApplyRequest {
  static constexpr MessageType kType = MessageType::kApplyRequest;
  std::string_view key;
  std::string_view meta;  // causality::encode_record.
  std::string_view values;
  base::LayoutVersion layout_version;
  bool is_new =
      false;  // Just minted: it must not be left out as obsolete (LocalReplica::replicate).
  friend bool operator==(const ApplyRequest&, const ApplyRequest&) = default;
};

struct ApplyReply {
  static constexpr MessageType kType = MessageType::kApplyReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  base::Persistence persistence = base::Persistence::kUnsaid;  // Of what it acknowledges.
  friend bool operator==(const ApplyReply&, const ApplyReply&) = default;
};

struct ReadRequest {
  static constexpr MessageType kType = MessageType::kReadRequest;
  std::string_view key;
  base::LayoutVersion layout_version;
  bool wants_digest = false;             // The digest alone.
  std::chrono::milliseconds timeout{0};  // How long the answer is waited for; zero: not said.
  friend bool operator==(const ReadRequest&, const ReadRequest&) = default;
};

struct ReadReply {
  static constexpr MessageType kType = MessageType::kReadReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  uint64_t digest = 0;  // causality::digest; zero: the replica holds nothing of the key.
  std::string_view meta;
  std::string_view values;
  base::Counter horizon = {};  // Of the key's partition there (causality/horizon.h).
  friend bool operator==(const ReadReply&, const ReadReply&) = default;
};

struct MemberUpdate {
  std::string_view id;
  std::string_view endpoint;
  MemberState state = MemberState::kAlive;
  Incarnation incarnation;
  friend bool operator==(const MemberUpdate&, const MemberUpdate&) = default;
};

// "I would like to be a member." To any member, or to a seed that may be in no cluster yet.
struct JoinRequest {
  static constexpr MessageType kType = MessageType::kJoinRequest;
  std::string_view cluster_name;
  base::ClusterId cluster_id;  // Zero: none yet.
  MemberUpdate member;         // The joiner itself.
  uint32_t weight = 0;         // Virtual nodes it asks for.
  friend bool operator==(const JoinRequest&, const JoinRequest&) = default;
};

struct JoinReply {
  static constexpr MessageType kType = MessageType::kJoinReply;
  base::Code code = base::Code::kOk;  // kUnavailable: this seed is in no cluster itself yet.
  std::string_view message;
  base::ClusterId cluster_id;
  std::string_view cluster_name;
  std::string_view layouts;  // ring::encode_live_layouts.
  std::vector<MemberUpdate> members;
  friend bool operator==(const JoinReply&, const JoinReply&) = default;
};

// "Send me your layouts"; from a node that heard of a newer version.
struct LayoutRequest {
  static constexpr MessageType kType = MessageType::kLayoutRequest;
  friend bool operator==(const LayoutRequest&, const LayoutRequest&) = default;
};

struct LayoutReply {
  static constexpr MessageType kType = MessageType::kLayoutReply;
  std::string_view layouts;
  friend bool operator==(const LayoutReply&, const LayoutReply&) = default;
};

// Table exchange: "this is all I know; send me all you know".
struct MembersRequest {
  static constexpr MessageType kType = MessageType::kMembersRequest;
  std::vector<MemberUpdate> members;
  friend bool operator==(const MembersRequest&, const MembersRequest&) = default;
};

struct MembersReply {
  static constexpr MessageType kType = MessageType::kMembersReply;
  std::vector<MemberUpdate> members;
  friend bool operator==(const MembersReply&, const MembersReply&) = default;
};

// To the founder: "all I held of what moves under this layout version is durable at its new
// replicas."
struct TransferDone {
  static constexpr MessageType kType = MessageType::kTransferDone;
  base::LayoutVersion layout_version;
  std::string_view node_id;
  friend bool operator==(const TransferDone&, const TransferDone&) = default;
};

// "Send me the records you hold of these tokens"; a page of them. From a replica that lost some.
struct PullRequest {
  static constexpr MessageType kType = MessageType::kPullRequest;
  base::LayoutVersion layout_version;
  base::Token first;
  base::Token last;        // Included.
  std::string_view after;  // Empty: from the start; else the reply before ended with this key.
  friend bool operator==(const PullRequest&, const PullRequest&) = default;
};

struct PulledRecord {
  std::string_view key;
  std::string_view meta;  // causality::encode_record.
  std::string_view values;
  friend bool operator==(const PulledRecord&, const PulledRecord&) = default;
};

struct PullReply {
  static constexpr MessageType kType = MessageType::kPullReply;
  base::Code code = base::Code::kOk;
  std::string_view message;
  std::vector<PulledRecord> records;  // In order of token, then key.
  std::string_view last;              // How far it looked; empty: to the end of the tokens.
  friend bool operator==(const PullReply&, const PullReply&) = default;
};

// ---- Datagrams ---------------------------------------------------------------------------------

enum class GossipKind : uint8_t { kPing = 1, kAck = 2, kPingRequest = 3, kNack = 4, kRumour = 5 };

struct Gossip {
  static constexpr MessageType kType = MessageType::kGossip;
  GossipKind kind = GossipKind::kPing;
  uint64_t sequence = 0;  // Pairs ack and nack with ping.
  base::ClusterId cluster_id;
  std::string_view cluster_name;
  MemberUpdate from;                 // The sender, as it sees itself.
  std::string_view target;           // kPing: who is meant. kAck, kNack, kPingRequest: of whom.
  std::string_view target_endpoint;  // kPingRequest: where to find it.
  base::LayoutVersion layout_version;
  bool is_settled = true;       // Of the sender's layouts.
  uint64_t members_digest = 0;  // Equal where the member tables are.
  std::vector<MemberUpdate> updates;
  friend bool operator==(const Gossip&, const Gossip&) = default;
};

// ---- Encoding ----------------------------------------------------------------------------------

// Makes frames. Keeps its buffers between calls, a giant message's not beyond the next; one owner.
// The view returned lives until the next call on the same encoder. Judges nothing but the length of
// texts and timeouts (cut to their limits): what breaks a rule of decode is refused by its reader.
class Encoder {
 public:
  Encoder();
  ~Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  std::string_view encode(const PutRequest& message, base::RequestId id);
  std::string_view encode(const PutReply& message, base::RequestId id);
  std::string_view encode(const GetRequest& message, base::RequestId id);
  std::string_view encode(const GetReply& message, base::RequestId id);
  std::string_view encode(const StatusRequest& message, base::RequestId id);
  std::string_view encode(const StatusReply& message, base::RequestId id);
  std::string_view encode(const ExplainRequest& message, base::RequestId id);
  std::string_view encode(const ExplainReply& message, base::RequestId id);
  std::string_view encode(const CheckpointRequest& message, base::RequestId id);
  std::string_view encode(const CheckpointReply& message, base::RequestId id);
  std::string_view encode(const HintsRequest& message, base::RequestId id);
  std::string_view encode(const HintsReply& message, base::RequestId id);
  std::string_view encode(const ErrorReply& message, base::RequestId id);
  std::string_view encode(const Greeting& message, base::RequestId id);
  std::string_view encode(const ApplyRequest& message, base::RequestId id);
  std::string_view encode(const ApplyReply& message, base::RequestId id);
  std::string_view encode(const ReadRequest& message, base::RequestId id);
  std::string_view encode(const ReadReply& message, base::RequestId id);
  std::string_view encode(const JoinRequest& message, base::RequestId id);
  std::string_view encode(const JoinReply& message, base::RequestId id);
  std::string_view encode(const LayoutRequest& message, base::RequestId id);
  std::string_view encode(const LayoutReply& message, base::RequestId id);
  std::string_view encode(const MembersRequest& message, base::RequestId id);
  std::string_view encode(const MembersReply& message, base::RequestId id);
  std::string_view encode(const TransferDone& message, base::RequestId id);
  std::string_view encode(const PullRequest& message, base::RequestId id);
  std::string_view encode(const PullReply& message, base::RequestId id);
  std::string_view encode(const Gossip& message, base::RequestId id);
  std::string_view encode(const RootsRequest& message, base::RequestId id);
  std::string_view encode(const RootsReply& message, base::RequestId id);
  std::string_view encode(const LeavesRequest& message, base::RequestId id);
  std::string_view encode(const LeavesReply& message, base::RequestId id);
  std::string_view encode(const KeysRequest& message, base::RequestId id);
  std::string_view encode(const KeysReply& message, base::RequestId id);
  std::string_view encode(const FetchRequest& message, base::RequestId id);
  std::string_view encode(const FetchReply& message, base::RequestId id);
  std::string_view encode(const MergeRequest& message, base::RequestId id);
  std::string_view encode(const HorizonRequest& message, base::RequestId id);
  std::string_view encode(const HorizonReply& message, base::RequestId id);

 private:
  struct State;  // Holds the FlatBuffers builder, so that its header stays in the .cpp files.
  std::unique_ptr<State> state_;
};

// Reads the body of a frame: first FlatBuffers' Verifier (depth 16, 16384 tables), then every rule
// of the message itself (sizes, ranges, enumerations). kCorrupt (no such FlatBuffer), kTooLarge
// (key or value) or kInvalidArgument says which field broke which rule. The frame's type must be
// T::kType.
template <typename T>
base::Result<T> decode(const FrameView& frame);

extern template base::Result<PutRequest> decode(const FrameView&);
extern template base::Result<PutReply> decode(const FrameView&);
extern template base::Result<GetRequest> decode(const FrameView&);
extern template base::Result<GetReply> decode(const FrameView&);
extern template base::Result<StatusRequest> decode(const FrameView&);
extern template base::Result<StatusReply> decode(const FrameView&);
extern template base::Result<ExplainRequest> decode(const FrameView&);
extern template base::Result<ExplainReply> decode(const FrameView&);
extern template base::Result<CheckpointRequest> decode(const FrameView&);
extern template base::Result<CheckpointReply> decode(const FrameView&);
extern template base::Result<HintsRequest> decode(const FrameView&);
extern template base::Result<HintsReply> decode(const FrameView&);
extern template base::Result<ErrorReply> decode(const FrameView&);
extern template base::Result<Greeting> decode(const FrameView&);
extern template base::Result<ApplyRequest> decode(const FrameView&);
extern template base::Result<ApplyReply> decode(const FrameView&);
extern template base::Result<ReadRequest> decode(const FrameView&);
extern template base::Result<ReadReply> decode(const FrameView&);
extern template base::Result<JoinRequest> decode(const FrameView&);
extern template base::Result<JoinReply> decode(const FrameView&);
extern template base::Result<LayoutRequest> decode(const FrameView&);
extern template base::Result<LayoutReply> decode(const FrameView&);
extern template base::Result<MembersRequest> decode(const FrameView&);
extern template base::Result<MembersReply> decode(const FrameView&);
extern template base::Result<TransferDone> decode(const FrameView&);
extern template base::Result<PullRequest> decode(const FrameView&);
extern template base::Result<PullReply> decode(const FrameView&);
extern template base::Result<Gossip> decode(const FrameView&);
extern template base::Result<RootsRequest> decode(const FrameView&);
extern template base::Result<RootsReply> decode(const FrameView&);
extern template base::Result<LeavesRequest> decode(const FrameView&);
extern template base::Result<LeavesReply> decode(const FrameView&);
extern template base::Result<KeysRequest> decode(const FrameView&);
extern template base::Result<KeysReply> decode(const FrameView&);
extern template base::Result<FetchRequest> decode(const FrameView&);
extern template base::Result<FetchReply> decode(const FrameView&);
extern template base::Result<MergeRequest> decode(const FrameView&);
extern template base::Result<HorizonRequest> decode(const FrameView&);
extern template base::Result<HorizonReply> decode(const FrameView&);

}  // namespace distkv::wire
