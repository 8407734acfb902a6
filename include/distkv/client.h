// The distkv client: put, get and remove keys of a cluster through any of its nodes.
//
//   distkv::Client client({.servers = {"localhost:8080", "localhost:8081"}});
//   distkv::PutOutcome put = client.put("greeting", "hello");
//   distkv::GetOutcome got = client.get("greeting");
//   if (got.error.is_ok() && got.found()) use(got.values.front());
//
// A client holds one connection at a time and blocks the caller; it is not thread-safe: give each
// thread its own. Nothing here throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "distkv/trace.h"

namespace distkv {

// What an operation waits for: one replica, the configured quorum, or all of them.
enum class Consistency { kOne, kQuorum, kAll };

// Three kinds of failure, because they call for different actions.
enum class ErrorKind {
  kNone,
  kInvalid,      // The request itself is wrong: too large, a damaged context, too many siblings.
  kRejected,     // Refused, and no replica holds it: visible nowhere, ever. Repeat it if you like.
  kUnknown,      // It may or may not take effect. Repeating it as a new operation may write twice.
  kUnreachable,  // No server answered at all; nothing was stored.
  kUnavailable,  // A read found too few replicas. Repeat it.
  kBehind,       // A session's read: no replica that answered has seen all the session has.
};

class SessionToken;  // distkv/session_token.h

struct Error {
  ErrorKind kind = ErrorKind::kNone;
  std::string message;  // What happened, where, and what to do.
  // Refused for overload: for how long to leave the cluster alone. Zero: not said.
  std::chrono::milliseconds retry_after{0};
  bool is_ok() const { return kind == ErrorKind::kNone; }
};

struct PutOptions {
  Consistency consistency = Consistency::kQuorum;
  // What was seen of the key before: a context of an earlier get or put. The write then supersedes
  // exactly that. Without one it supersedes whatever the replica that takes it holds.
  std::optional<std::string> context;
  std::chrono::milliseconds ttl{0};  // Zero: never expires.
  bool wants_trace = false;          // The timeline, in the outcome.
  // Learns of the write if it is acknowledged. Not owned; outlives the call.
  SessionToken* session = nullptr;
};

// Where a node keeps a write that it acknowledged. Until it is on disk, a power cut takes it from
// that node.
enum class Persistence {
  kUnsaid,    // The server is too old to say.
  kDisk,      // Synced before it was acknowledged.
  kPeriodic,  // In memory; synced soon (--durability periodic).
  kMemory,    // In memory; on disk when the system pleases, or never.
};

// What became of a write: its receipt.
struct PutOutcome {
  Error error;
  std::string context;                    // For the next write of this key.
  std::vector<std::string> acknowledged;  // Nodes that hold it. Also when unknown.
  std::vector<std::string> hinted;        // Nodes it is kept for until they are back.
  // Stored, but an attempt before got no answer and may be carried out as well: the write may take
  // effect once more, later.
  bool may_repeat = false;
  std::string server;                    // The address that answered last; empty: none did.
  std::vector<Persistence> persistence;  // Of each of `acknowledged`, in that order.
  // The layouts whose replicas it was written for: the current one and, while partitions move, the
  // one before. Empty: no answer said so.
  std::vector<uint64_t> layouts;
  // If asked for, of the attempt that was answered: by its coordinator, and by the node asked where
  // that is no replica of the key and handed the put on.
  std::optional<Trace> trace;
  std::optional<Trace> forwarding;
};

struct GetOptions {
  Consistency consistency = Consistency::kQuorum;
  bool wants_siblings = false;  // All concurrent values, not the newest alone.
  bool wants_trace = false;     // The timeline, in the outcome.
  // The answer shows what this session has seen, or is kBehind; and the session learns of it. Not
  // owned; outlives the call.
  SessionToken* session = nullptr;
};

struct GetOutcome {
  Error error;
  std::vector<std::string> values;  // Newest first. Empty: the key is absent.
  uint32_t sibling_count = 0;       // Concurrent values the key has; more than one is a conflict.
  std::string context;              // For the next write of this key; also when it is absent.
  std::string server;               // The address that answered last; empty: none did.
  std::optional<Trace> trace;       // If asked for, of the attempt that was answered.
  // The session does not know the key, and had to forget some: this may be one of them, and the
  // answer older than what the session saw.
  bool session_forgot = false;
  bool found() const { return !values.empty(); }
};

struct NodeStatus {
  std::string id;
  std::string address;
  std::string state;  // "ALIVE", "SUSPECT", "DEAD" or "LEFT".
  std::chrono::system_clock::time_point last_seen;
};

// When a partition was last proven equal at all its replicas.
struct PartitionProof {
  uint32_t partition = 0;
  std::optional<std::chrono::seconds> age;  // Nullopt: not since the node started.
};

// How the node keeps its partitions equal to the other replicas of them.
struct AntiEntropyStatus {
  std::vector<PartitionProof> proofs;  // Of each partition it is a replica of; ascending.
  uint32_t dirty = 0;                  // Known or suspected to differ somewhere.
  uint32_t building = 0;               // Their hash trees are not built yet.
  uint64_t rounds = 0;                 // Comparisons with another replica that it began.
  uint64_t records = 0;                // Moved in these, either way.
  uint64_t bytes = 0;                  // Sent and received in these, all in all.
  uint64_t mismatches = 0;             // Parts of its hash tree that were wrong and replaced.
  uint64_t collected = 0;              // Deleted or expired keys it has forgotten for good.
  // Partitions whose lost writes it is still fetching: it answers no reads of them.
  uint32_t behind = 0;
};

// A key that makes up much of what is read through a node.
struct HotKey {
  std::string key;         // Its first bytes, if it is long.
  uint64_t key_bytes = 0;  // Of the whole key.
  uint64_t reads = 0;      // Estimated, of the recent ones; at most `error` too many.
  uint64_t error = 0;
};

struct ClusterStatus {
  Error error;
  std::string node_id;  // Who answered.
  std::string cluster_name;
  std::string engine;
  std::vector<NodeStatus> nodes;  // Ascending by id.
  uint64_t requests = 0;          // Answered by that node.
  std::chrono::microseconds latency_mean{0};
  uint64_t layout_version = 0;
  bool is_settled = true;  // No partition is moving.
  uint32_t partition_count = 0;
  uint32_t replica_count = 0;
  uint64_t hints_pending = 0;
  uint64_t read_repairs = 0;
  // Of that node's store; a node too old to say leaves the state empty.
  double storage_pressure = 0;  // 0: idle; 1: writes are refused.
  uint64_t bytes_on_disk = 0;
  std::string storage_state;  // "ok", or what is wrong with it.
  // Of the writes it keeps for other nodes.
  uint64_t hint_bytes = 0;
  std::chrono::milliseconds hint_age{0};          // Of the oldest that is pending.
  uint64_t hints_dropped = 0;                     // Since it started.
  uint32_t dirty_partitions = 0;                  // Missed a dropped hint, so they wait for repair.
  std::optional<AntiEntropyStatus> anti_entropy;  // Nullopt: the node is too old to say.
  std::vector<HotKey> hot_keys;                   // Read through that node; hottest first.
  // Of all keys, through that node: what the reads of `hot_keys` are a part of. Halved now and
  // then.
  uint64_t recent_reads = 0;
  // Requests refused since it started, for lack of memory; what those under way hold, and the most
  // they may. A node too old to say leaves the last zero.
  uint64_t requests_refused = 0;
  uint64_t request_bytes = 0;
  uint64_t request_bytes_max = 0;
};

struct CheckpointOutcome {
  Error error;  // kUnknown: no answer came; the node may still complete the copy.
  std::string node_id;
  std::string directory;  // On the machine of that node.
};

struct HintsOptions {
  std::string target;  // Hints for this node alone; empty: all.
  // Answer when all that are kept by now are delivered or dropped, or shortly before the client's
  // timeout.
  bool waits = false;
};

// What one node keeps for another.
struct HintTarget {
  std::string id;
  uint64_t pending = 0;
  uint64_t bytes = 0;
  std::chrono::milliseconds age{0};  // Of the oldest that is pending.
  uint64_t delivered = 0;            // Since the node that keeps them started.
  uint64_t dropped = 0;
};

struct HintsOutcome {
  Error error;                      // kUnknown: no answer came in time.
  std::string node_id;              // Who keeps them.
  bool is_done = false;             // None that was kept when it was asked is left.
  std::vector<HintTarget> targets;  // As they are now; ascending by id.
  uint64_t bytes_max = 0;           // Of all together; more are dropped.
  uint64_t dropped = 0;             // Since the node started.
  uint32_t dirty_partitions = 0;    // Missed a dropped hint, so they wait for repair.
};

// One version a replica holds.
struct VersionView {
  uint64_t actor = 0;
  uint64_t counter = 0;
  uint64_t value_bytes = 0;
  bool is_tombstone = false;
  std::optional<std::chrono::system_clock::time_point> expires_at;
  friend bool operator==(const VersionView&, const VersionView&) = default;
};

struct ReplicaView {
  std::string id;
  std::string address;
  std::string state;
  Error error;  // Why it could not be asked.
  std::vector<VersionView> versions;
  bool has_hint_pending = false;  // On the node that answered.
  uint64_t digest = 0;       // Of all it holds of the key; zero: nothing. Equal where replicas are.
  bool is_in_layout = true;  // A replica of the key in the current layout.
  bool is_in_previous_layout = false;  // In the one before, while partitions move.
};

// A write of the key that one node keeps for another.
struct HintView {
  std::string holder;
  std::string target;
  std::chrono::milliseconds age{0};
};

// Where a key lives and what each replica holds of it.
struct Explanation {
  Error error;
  uint64_t token = 0;
  uint32_t slot = 0;
  uint32_t partition = 0;
  uint64_t layout_version = 0;
  std::vector<ReplicaView> replicas;
  std::string verdict;                              // What a quorum read would answer, and why.
  std::optional<uint64_t> previous_layout_version;  // While partitions move.
  // On the node asked and the replicas that answered. Nullopt: the server is too old to say.
  std::optional<std::vector<HintView>> hints;
};

struct ClientOptions {
  std::vector<std::string> servers = {"localhost:8080"};  // Tried in turn.
  std::chrono::milliseconds timeout{5000};                // For one operation, retries included.
};

class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Each retries through the next server while time is left and a retry is safe: a write always
  // under the same operation id, so that it is one write however often it is sent. When all servers
  // are overloaded it comes back when they asked to, or fails at once if that is too late.
  PutOutcome put(std::string_view key, std::string_view value, const PutOptions& options = {});
  PutOutcome remove(std::string_view key, const PutOptions& options = {});
  GetOutcome get(std::string_view key, const GetOptions& options = {});

  // Many writes at once over one connection, all under `options` (its context is ignored).
  // One outcome for each pair, in order. The writes have no order among themselves: give each key
  // once. The timeout is for each step; a cluster that is gone costs a few of them, not one a pair.
  struct KeyValue {
    std::string key;
    std::string value;
  };
  std::vector<PutOutcome> put_all(const std::vector<KeyValue>& pairs,
                                  const PutOptions& options = {});
  // Many reads at once likewise; one outcome for each key, in order.
  std::vector<GetOutcome> get_all(const std::vector<std::string>& keys,
                                  const GetOptions& options = {});

  ClusterStatus status();
  Explanation explain(std::string_view key);

  // A complete copy of one node's store, below its data directory: of the first server that can be
  // reached. `name`: 1 to 64 characters of [A-Za-z0-9._-]. Never asked for twice.
  CheckpointOutcome checkpoint(std::string_view name);

  // The writes that one node keeps for others until they are back: the first server that can be
  // reached.
  HintsOutcome hints(const HintsOptions& options = {});

 private:
  class Session;
  static void learn(std::string_view key, const PutOutcome& outcome, SessionToken* session);
  static void learn(std::string_view key, const std::string& at_least, GetOutcome& outcome,
                    SessionToken* session);
  static std::string at_least(std::string_view key, const SessionToken* session);
  std::unique_ptr<Session> session_;
};

}  // namespace distkv
