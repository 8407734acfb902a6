// One message of each type with every field filled, for tests that must hold for all of them.
#pragma once

#include <chrono>
#include <string_view>

#include "tree_samples.h"
#include "wire/messages.h"

namespace distkv::wire {

inline PutRequest sample_put_request() {
  return {.key = "user:1",
          .value = std::string_view("a\0b", 3),
          .context = "context",
          .op_id = base::OpId({0x0102030405060708, 0x090a0b0c0d0e0f10}),
          .ttl = std::chrono::hours(24),
          .timeout = std::chrono::milliseconds(1500),
          .consistency = Consistency::kAll,
          .is_delete = false,
          .is_forwarded = true};
}

inline PutReply sample_put_reply() {
  return {.code = base::Code::kUnknownOutcome,
          .message = "1 of 2",
          .context = "token",
          .acknowledged = {"node-1", "node-2"},
          .hinted = {"node-3"}};
}

// With the field that was appended for retries.
inline PutReply sample_put_reply_of_retry() {
  PutReply reply = sample_put_reply();
  reply.may_repeat = true;
  return reply;
}

// With the fields that were appended to say where the write lies, and under which layouts.
inline PutReply sample_put_reply_of_receipt() {
  PutReply reply = sample_put_reply();
  reply.persistence.push_back(base::Persistence::kDisk);
  reply.persistence.push_back(base::Persistence::kPeriodic);
  reply.layout_version = base::LayoutVersion(8);
  reply.previous_layout_version = base::LayoutVersion(7);
  return reply;
}

// With the field that was appended to say where the record lies.
inline ApplyReply sample_apply_reply_of_persistence() {
  return {.code = base::Code::kOk, .message = "", .persistence = base::Persistence::kMemory};
}

inline GetRequest sample_get_request() {
  return {.key = "user:1",
          .timeout = std::chrono::milliseconds(250),
          .consistency = Consistency::kOne,
          .wants_siblings = true};
}

inline GetReply sample_get_reply() {
  return {.code = base::Code::kUnavailable,
          .message = "late",
          .context = "token",
          .sibling_count = 3,
          .values = {"new", "", "old"}};
}

inline StatusReply sample_status_reply() {
  return {.code = base::Code::kShuttingDown,
          .message = "stopping",
          .node_id = "node-1",
          .cluster_name = "prod",
          .engine = "lsm",
          .nodes = {{"node-1", "10.0.0.1:7000", MemberState::kAlive,
                     base::WallTime(std::chrono::milliseconds(1'700'000'000'000))},
                    {"node-2", "10.0.0.2:7000", MemberState::kLeft, base::WallTime{}}},
          .requests = 1000,
          .latency_mean_us = 250,
          .layout_version = 7,
          .is_settled = false,
          .partition_count = 1024,
          .replica_count = 3,
          .hints_pending = 5,
          .read_repairs = 9};
}

// With the fields that were appended for the store.
inline StatusReply sample_status_reply_of_store() {
  StatusReply reply = sample_status_reply();
  reply.pressure_permille = 625;
  reply.bytes_on_disk = 0x1122334455;
  reply.storage_state = "full";
  return reply;
}

// With the fields that were appended for hints.
inline StatusReply sample_status_reply_of_hints() {
  StatusReply reply = sample_status_reply_of_store();
  reply.hint_bytes = 0x99887766;
  reply.hint_age = std::chrono::seconds(90);
  reply.hints_dropped = 17;
  reply.dirty_partitions = 3;
  return reply;
}

inline HintsRequest sample_hints_request() {
  return {.target = "node-3", .waits = true, .timeout = std::chrono::seconds(30)};
}

inline HintsReply sample_hints_reply() {
  return {.code = base::Code::kUnavailable,
          .message = "not yet",
          .node_id = "node-1",
          .is_done = true,
          .targets = {{.id = "node-2",
                       .pending = 5,
                       .bytes = 0x1122334455,
                       .age = std::chrono::minutes(7),
                       .delivered = 11,
                       .dropped = 13},
                      {.id = "node-3"}},
          .bytes_max = 0x5544332211,
          .dropped = 19,
          .dirty_partitions = 2};
}

inline CheckpointRequest sample_checkpoint_request() {
  return {.name = "monday", .timeout = std::chrono::seconds(30)};
}

inline CheckpointReply sample_checkpoint_reply() {
  return {.code = base::Code::kNoSpace,
          .message = "the disk is full",
          .node_id = "node-1",
          .directory = "/data/checkpoints/monday"};
}

inline ExplainRequest sample_explain_request() {
  return {.key = "user:1", .timeout = std::chrono::seconds(2)};
}

inline ExplainReply sample_explain_reply() {
  return {.code = base::Code::kUnavailable,
          .message = "one is away",
          .token = base::Token(0xfedcba9876543210),
          .slot = 16383,
          .partition = base::PartitionId(1023),
          .layout_version = 7,
          .replicas = {{.id = "node-1",
                        .endpoint = "10.0.0.1:7000",
                        .state = MemberState::kSuspect,
                        .code = base::Code::kTimedOut,
                        .message = "no answer",
                        .versions = {{.actor = base::ActorId(11),
                                      .counter = base::Counter(12),
                                      .value_bytes = 13,
                                      .expires_at = base::WallTime(std::chrono::milliseconds(14)),
                                      .is_tombstone = true}},
                        .has_hint_pending = true}},
          .verdict = "absent"};
}

// With the field that was appended to compare replicas.
inline ExplainReply sample_explain_reply_with_digest() {
  ExplainReply reply = sample_explain_reply();
  reply.replicas[0].digest = 0x1020304050607080;
  return reply;
}

inline ErrorReply sample_error_reply() {
  return {.code = base::Code::kWrongCluster, .message = "another cluster"};
}

// With the fields that were appended for a retry after overload.
inline ErrorReply sample_error_reply_of_overload() {
  return {.code = base::Code::kOverloaded,
          .message = "busy",
          .retry_after = std::chrono::milliseconds(75)};
}

inline PutReply sample_put_reply_of_overload() {
  PutReply reply;
  reply.code = base::Code::kOverloaded;
  reply.retry_after = std::chrono::milliseconds(75);
  return reply;
}

inline GetReply sample_get_reply_of_overload() {
  GetReply reply;
  reply.code = base::Code::kOverloaded;
  reply.retry_after = std::chrono::milliseconds(75);
  return reply;
}

// With the fields that were appended for what requests hold.
inline StatusReply sample_status_reply_of_requests() {
  StatusReply reply = sample_status_reply_of_store();
  reply.requests_refused = 19;
  reply.request_bytes = 0x12345678;
  reply.request_bytes_max = 0x9988776655;
  return reply;
}

inline base::ClusterId sample_cluster_id() { return base::ClusterId({0xaaaa, 0xbbbb}); }

inline MemberUpdate sample_member() {
  return {.id = "node-1",
          .endpoint = "10.0.0.1:7000",
          .state = MemberState::kDead,
          .incarnation = {.generation = 4, .refutations = 2}};
}

inline Greeting sample_greeting() {
  return {.cluster_id = sample_cluster_id(), .cluster_name = "prod", .node_id = "node-1"};
}

inline ApplyRequest sample_apply_request() {
  return {.key = "user:1",
          .meta = "meta",
          .values = "values",
          .layout_version = base::LayoutVersion(7)};
}

inline ApplyReply sample_apply_reply() {
  return {.code = base::Code::kStaleLayout, .message = "at 8"};
}

inline ReadRequest sample_read_request() {
  return {.key = "user:1", .layout_version = base::LayoutVersion(7), .wants_digest = true};
}

// With the field that was appended for its asker's patience.
inline ReadRequest sample_read_request_of_patience() {
  ReadRequest request = sample_read_request();
  request.timeout = std::chrono::milliseconds(1500);
  return request;
}

inline ReadReply sample_read_reply() {
  return {.code = base::Code::kIo,
          .message = "disk",
          .digest = 0x1122334455667788,
          .meta = "meta",
          .values = "values"};
}

inline ReadReply sample_read_reply_with_horizon() {
  ReadReply reply = sample_read_reply();
  reply.horizon = base::Counter(0x0102030405060708);
  return reply;
}

inline JoinRequest sample_join_request() {
  return {.cluster_name = "prod",
          .cluster_id = sample_cluster_id(),
          .member = sample_member(),
          .weight = 150};
}

inline JoinReply sample_join_reply() {
  return {.code = base::Code::kUnavailable,
          .message = "not founded",
          .cluster_id = sample_cluster_id(),
          .cluster_name = "prod",
          .layouts = "layouts",
          .members = {sample_member(), {"node-2", "[::1]:7000", MemberState::kAlive, {1, 0}}}};
}

inline LayoutReply sample_layout_reply() { return {.layouts = "layouts"}; }

inline TransferDone sample_transfer_done() {
  return {.layout_version = base::LayoutVersion(8), .node_id = "node-2"};
}

inline PullRequest sample_pull_request() {
  return {.layout_version = base::LayoutVersion(8),
          .first = base::Token(0x1000),
          .last = base::Token(0x1fff),
          .after = "key-7"};
}

inline PullReply sample_pull_reply() {
  return {.code = base::Code::kOk,
          .message = "",
          .records = {{"key-8", "meta-8", "values-8"}, {"key-9", "meta-9", ""}},
          .last = "key-9"};
}

inline Gossip sample_gossip() {
  return {.kind = GossipKind::kPingRequest,
          .sequence = 77,
          .cluster_id = sample_cluster_id(),
          .cluster_name = "prod",
          .from = {"node-9", "10.0.0.9:7000", MemberState::kAlive, {3, 1}},
          .target = "node-1",
          .target_endpoint = "10.0.0.1:7000",
          .layout_version = base::LayoutVersion(7),
          .is_settled = false,
          .members_digest = 0x8877665544332211,
          .updates = {sample_member()}};
}

// With what was appended for anti-entropy.
inline StatusReply sample_status_reply_of_trees() {
  StatusReply reply = sample_status_reply_of_store();
  reply.anti_entropy = AntiEntropyStatus{.proofs = {{0, 12}, {1023, PartitionProof::kNever}},
                                         .dirty = 1,
                                         .building = 2,
                                         .rounds = 3,
                                         .records = 4,
                                         .bytes = 5,
                                         .mismatches = 6};
  return reply;
}

// With what was appended for the collection of tombstones.
inline StatusReply sample_status_reply_of_horizons() {
  StatusReply reply = sample_status_reply_of_trees();
  reply.anti_entropy->collected = 7;
  reply.anti_entropy->behind = 8;
  return reply;
}

inline ApplyRequest sample_apply_request_of_new() {
  ApplyRequest request = sample_apply_request();
  request.is_new = true;
  return request;
}

inline Trace sample_trace() {
  return {.node = "node-1",
          .events = {{.at_us = 0, .node = "node-2", .step = TraceStep::kAskedForDigest},
                     {.at_us = 51'000,
                      .node = "node-2",
                      .step = TraceStep::kFailed,
                      .is_spare = true,
                      .code = base::Code::kTimedOut,
                      .text = "no answer"},
                     {.at_us = 0x1122334455, .node = "", .step = TraceStep::kRepliedToClient}},
          .left_out = 3};
}

// With the fields that were appended for timelines.
inline PutRequest sample_put_request_of_trace() {
  PutRequest request = sample_put_request();
  request.wants_trace = true;
  return request;
}

inline PutReply sample_put_reply_of_trace() {
  PutReply reply = sample_put_reply_of_receipt();
  reply.trace = sample_trace();
  reply.forwarding = Trace{.node = "node-9", .events = {}, .left_out = 0};
  return reply;
}

inline GetReply sample_get_reply_of_trace() {
  GetReply reply = sample_get_reply();
  reply.trace = sample_trace();
  return reply;
}

// With the fields that were appended for timelines and for sessions.
inline GetRequest sample_get_request_of_session() {
  GetRequest request = sample_get_request();
  request.wants_trace = true;
  request.at_least = "token";
  return request;
}

// With the code that was added for sessions.
inline GetReply sample_get_reply_behind() {
  GetReply reply;
  reply.code = base::Code::kBehind;
  reply.message = "1 of 3 answered";
  return reply;
}

// With the fields that were appended for hot keys.
inline StatusReply sample_status_reply_of_hot_keys() {
  StatusReply reply = sample_status_reply_of_trees();
  reply.hot_keys = {{"user:1", 6, 5000, 12}, {std::string_view("\0\xff", 2), 70'000, 7, 0}};
  reply.recent_reads = 9999;
  return reply;
}

// With the fields that were appended for hints and for layouts that change.
inline ExplainReply sample_explain_reply_of_hints() {
  ExplainReply reply = sample_explain_reply_with_digest();
  reply.replicas[0].layouts = 3;
  reply.previous_layout_version = 6;
  reply.hints = {{"node-2", "node-1", std::chrono::seconds(12)}};
  reply.tells_hints = true;
  return reply;
}

// With the fields that were appended to ask of one key.
inline HintsRequest sample_hints_request_of_key() {
  HintsRequest request = sample_hints_request();
  request.key = "user:1";
  return request;
}

inline HintsReply sample_hints_reply_of_key() {
  HintsReply reply = sample_hints_reply();
  reply.is_of_key = true;
  return reply;
}

// Calls visit(name, message) for each type of the protocol.
template <typename Visit>
void for_each_sample(Visit visit) {
  visit("PutRequest", sample_put_request());
  visit("PutReply", sample_put_reply());
  visit("PutReplyOfRetry", sample_put_reply_of_retry());
  visit("GetRequest", sample_get_request());
  visit("GetReply", sample_get_reply());
  visit("StatusRequest", StatusRequest{});
  visit("StatusReply", sample_status_reply());
  visit("ExplainRequest", sample_explain_request());
  visit("ExplainReply", sample_explain_reply());
  visit("ExplainReplyWithDigest", sample_explain_reply_with_digest());
  visit("StatusReplyOfStore", sample_status_reply_of_store());
  visit("CheckpointRequest", sample_checkpoint_request());
  visit("CheckpointReply", sample_checkpoint_reply());
  visit("ErrorReply", sample_error_reply());
  visit("Greeting", sample_greeting());
  visit("ApplyRequest", sample_apply_request());
  visit("ApplyReply", sample_apply_reply());
  visit("ReadRequest", sample_read_request());
  visit("ReadReply", sample_read_reply());
  visit("ReadReplyWithHorizon", sample_read_reply_with_horizon());
  visit("ReadRequestOfPatience", sample_read_request_of_patience());
  visit("ErrorReplyOfOverload", sample_error_reply_of_overload());
  visit("PutReplyOfOverload", sample_put_reply_of_overload());
  visit("GetReplyOfOverload", sample_get_reply_of_overload());
  visit("StatusReplyOfRequests", sample_status_reply_of_requests());
  visit("JoinRequest", sample_join_request());
  visit("JoinReply", sample_join_reply());
  visit("LayoutRequest", LayoutRequest{});
  visit("LayoutReply", sample_layout_reply());
  visit("MembersRequest", MembersRequest{.members = {sample_member()}});
  visit("MembersReply", MembersReply{.members = {sample_member()}});
  visit("TransferDone", sample_transfer_done());
  visit("PullRequest", sample_pull_request());
  visit("PullReply", sample_pull_reply());
  visit("Gossip", sample_gossip());
  visit("StatusReplyOfHints", sample_status_reply_of_hints());
  visit("HintsRequest", sample_hints_request());
  visit("HintsReply", sample_hints_reply());
  visit("StatusReplyOfTrees", sample_status_reply_of_trees());
  visit("StatusReplyOfHorizons", sample_status_reply_of_horizons());
  visit("ApplyRequestOfNew", sample_apply_request_of_new());
  visit("PutReplyOfReceipt", sample_put_reply_of_receipt());
  visit("ApplyReplyOfPersistence", sample_apply_reply_of_persistence());
  visit("PutRequestOfTrace", sample_put_request_of_trace());
  visit("PutReplyOfTrace", sample_put_reply_of_trace());
  visit("GetReplyOfTrace", sample_get_reply_of_trace());
  visit("GetRequestOfSession", sample_get_request_of_session());
  visit("GetReplyBehind", sample_get_reply_behind());
  visit("StatusReplyOfHotKeys", sample_status_reply_of_hot_keys());
  visit("ExplainReplyOfHints", sample_explain_reply_of_hints());
  visit("HintsRequestOfKey", sample_hints_request_of_key());
  visit("HintsReplyOfKey", sample_hints_reply_of_key());
  for_each_tree_sample(visit);
}

}  // namespace distkv::wire
