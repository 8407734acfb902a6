// Puts, gets, status and errors: what clients and nodes say to each other.
#include <string_view>

#include "wire/client_generated.h"
#include "wire/codec.h"
#include "wire/trace_codec.h"

namespace distkv::wire {

using base::RequestId;

template <>
struct TableOf<PutRequest> {
  using Type = fb::PutRequest;
};
template <>
struct TableOf<PutReply> {
  using Type = fb::PutReply;
};
template <>
struct TableOf<GetRequest> {
  using Type = fb::GetRequest;
};
template <>
struct TableOf<GetReply> {
  using Type = fb::GetReply;
};
template <>
struct TableOf<StatusRequest> {
  using Type = fb::StatusRequest;
};
template <>
struct TableOf<StatusReply> {
  using Type = fb::StatusReply;
};
template <>
struct TableOf<ErrorReply> {
  using Type = fb::ErrorReply;
};

std::string_view Encoder::encode(const PutRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(message.value.size() + message.key.size());
  const TextOffset value = builder.text(message.value);
  const TextOffset key = builder.text(message.key);
  const TextOffset context = message.context ? builder.present(*message.context) : 0;
  const fb::Id128 op_id(message.op_id.value().high, message.op_id.value().low);
  const auto root = fb::CreatePutRequest(
      builder.flat, key, value, context, &op_id, static_cast<uint64_t>(message.ttl.count()),
      timeout_on_wire(message.timeout), static_cast<uint8_t>(message.consistency),
      message.is_delete, message.is_forwarded, message.wants_trace);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::PutRequest& table, PutRequest& out, Checks& checks) {
  out.key = checks.key(view(table.key()));
  out.value = checks.value(view(table.value()));
  if (table.context() != nullptr) {
    out.context = checks.bytes(view(table.context()), kContextBytesMax, "context");
  }
  if (table.op_id() != nullptr) {
    out.op_id = base::OpId({table.op_id()->high(), table.op_id()->low()});
  }
  // Equal ids are one write: two writers that both left it out would lose one of theirs.
  checks.require(!out.op_id.value().is_zero(), "op_id", "is zero");
  out.ttl = checks.ttl(table.ttl_ms());
  out.timeout = checks.timeout(table.timeout_ms());
  out.consistency =
      checks.enumeration(table.consistency(), Consistency::kOne, Consistency::kAll, "consistency");
  out.is_delete = table.is_delete();
  out.is_forwarded = table.is_forwarded();
  out.wants_trace = table.wants_trace();
  checks.require(!out.is_delete || out.value.empty(), "value", "is given with a delete");
}

static flatbuffers::Offset<flatbuffers::Vector<uint8_t>> bytes_of(
    FrameBuilder& builder, const base::BoundedVector<base::Persistence, kReplyNodesMax>& items) {
  if (items.empty()) return 0;
  static_assert(sizeof(base::Persistence) == sizeof(uint8_t));
  return builder.flat.CreateVector(reinterpret_cast<const uint8_t*>(&items[0]), items.size());
}

std::string_view Encoder::encode(const PutReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset text = builder.sentence(message.message);
  const TextOffset context = builder.text(message.context);
  const TextVectorOffset acknowledged = builder.texts(message.acknowledged);
  const TextVectorOffset hinted = builder.texts(message.hinted);
  const auto persistence = bytes_of(builder, message.persistence);
  const auto trace = encode_trace(builder, message.trace);
  const auto forwarding = encode_trace(builder, message.forwarding);
  const auto root =
      fb::CreatePutReply(builder.flat, static_cast<uint8_t>(message.code), text, context,
                         acknowledged, hinted, message.may_repeat, persistence,
                         message.layout_version.value(), message.previous_layout_version.value(),
                         trace, forwarding, timeout_on_wire(message.retry_after));
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::PutReply& table, PutReply& out, Checks& checks) {
  const auto node_id = [&](const flatbuffers::String* text) {
    return checks.node_id(view(text), "acknowledged or hinted node id");
  };
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  out.context = checks.bytes(view(table.context()), kContextBytesMax, "context");
  read_each(table.acknowledged(), out.acknowledged, kReplyNodesMax, "acknowledged", checks,
            node_id);
  read_each(table.hinted(), out.hinted, kReplyNodesMax, "hinted", checks, node_id);
  out.may_repeat = table.may_repeat();
  if (const auto* persistence = table.persistence()) {
    checks.require(persistence->size() == out.acknowledged.size(), "persistence",
                   "is not one for each that acknowledged");
    if (checks.has_failed()) return;
    for (const uint8_t each : *persistence) out.persistence.push_back(checks.persistence(each));
  }
  out.layout_version = base::LayoutVersion(table.layout_version());
  out.previous_layout_version = base::LayoutVersion(table.previous_layout_version());
  out.trace = read_trace(table.trace(), checks);
  out.forwarding = read_trace(table.forwarding(), checks);
  out.retry_after = checks.timeout(table.retry_after_ms());
}

std::string_view Encoder::encode(const GetRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset key = builder.text(message.key);
  const TextOffset at_least = message.at_least ? builder.present(*message.at_least) : 0;
  const auto root = fb::CreateGetRequest(builder.flat, key, timeout_on_wire(message.timeout),
                                         static_cast<uint8_t>(message.consistency),
                                         message.wants_siblings, message.wants_trace, at_least);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::GetRequest& table, GetRequest& out, Checks& checks) {
  out.key = checks.key(view(table.key()));
  out.timeout = checks.timeout(table.timeout_ms());
  out.consistency =
      checks.enumeration(table.consistency(), Consistency::kOne, Consistency::kAll, "consistency");
  out.wants_siblings = table.wants_siblings();
  out.wants_trace = table.wants_trace();
  if (table.at_least() != nullptr) {
    out.at_least = checks.bytes(view(table.at_least()), kContextBytesMax, "at_least");
  }
}

std::string_view Encoder::encode(const GetReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  size_t bytes = message.context.size();
  for (const std::string_view value : message.values) bytes += value.size();
  builder.begin(bytes);
  const TextVectorOffset values = builder.texts(message.values);
  const TextOffset text = builder.sentence(message.message);
  const TextOffset context = builder.text(message.context);
  const auto trace = encode_trace(builder, message.trace);
  const auto root = fb::CreateGetReply(builder.flat, static_cast<uint8_t>(message.code), text,
                                       context, message.sibling_count, values, trace,
                                       timeout_on_wire(message.retry_after));
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::GetReply& table, GetReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  out.context = checks.bytes(view(table.context()), kContextBytesMax, "context");
  out.sibling_count = table.sibling_count();
  read_each(table.values(), out.values, kReplyValuesMax, "values", checks,
            [&](const flatbuffers::String* value) { return checks.value(view(value)); });
  checks.require(out.values.size() <= out.sibling_count, "values", "are more than sibling_count");
  out.trace = read_trace(table.trace(), checks);
  out.retry_after = checks.timeout(table.retry_after_ms());
}

std::string_view Encoder::encode(const StatusRequest& message, RequestId id) {
  state_->begin();
  return state_->finish(message.kType, id, fb::CreateStatusRequest(state_->flat).Union());
}

static void read(const fb::StatusRequest&, StatusRequest&, Checks&) {}

static flatbuffers::Offset<fb::StatusNode> encode_node(FrameBuilder& builder,
                                                       const StatusNode& node) {
  const TextOffset id = builder.text(node.id);
  const TextOffset endpoint = builder.text(node.endpoint);
  return fb::CreateStatusNode(builder.flat, id, endpoint, static_cast<uint8_t>(node.state),
                              time_on_wire(node.last_seen));
}

static flatbuffers::Offset<fb::AntiEntropyStatus> encode_anti_entropy(
    FrameBuilder& builder, const std::optional<AntiEntropyStatus>& status) {
  if (!status) return 0;
  std::vector<fb::PartitionProof> proofs;
  proofs.reserve(status->proofs.size());
  for (const PartitionProof& proof : status->proofs) {
    proofs.emplace_back(proof.partition, proof.age_s);
  }
  const auto rows = builder.flat.CreateVectorOfStructs(proofs);
  return fb::CreateAntiEntropyStatus(builder.flat, rows, status->dirty, status->building,
                                     status->rounds, status->records, status->bytes,
                                     status->mismatches, status->collected, status->behind);
}

static std::optional<AntiEntropyStatus> read_anti_entropy(const fb::AntiEntropyStatus* table,
                                                          Checks& checks) {
  if (table == nullptr) return std::nullopt;
  AntiEntropyStatus status;
  read_each(table->proofs(), status.proofs, kTreePartitionsMax, "anti_entropy.proofs", checks,
            [](const fb::PartitionProof* proof) {
              return PartitionProof{proof->partition(), proof->age_s()};
            });
  status.dirty = table->dirty();
  status.building = table->building();
  status.rounds = table->rounds();
  status.records = table->records();
  status.bytes = table->bytes();
  status.mismatches = table->mismatches();
  status.collected = table->collected();
  status.behind = table->behind();
  return status;
}

static flatbuffers::Offset<fb::HotKey> encode_hot_key(FrameBuilder& builder, const HotKey& hot) {
  const TextOffset key = builder.text(hot.key.substr(0, kHotKeyBytesMax));
  return fb::CreateHotKey(builder.flat, key, hot.key_bytes, hot.reads, hot.error);
}

static HotKey read_hot_key(const fb::HotKey& table, Checks& checks) {
  return {.key = checks.bytes(view(table.key()), kHotKeyBytesMax, "hot_keys.key"),
          .key_bytes = table.key_bytes(),
          .reads = table.reads(),
          .error = table.error()};
}

std::string_view Encoder::encode(const StatusReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset text = builder.sentence(message.message);
  const TextOffset node_id = builder.text(message.node_id);
  const TextOffset cluster_name = builder.text(message.cluster_name);
  const TextOffset engine = builder.text(message.engine);
  const auto nodes = builder.tables<fb::StatusNode>(message.nodes, encode_node);
  const TextOffset storage_state = builder.sentence(message.storage_state);
  const auto anti_entropy = encode_anti_entropy(builder, message.anti_entropy);
  const auto hot_keys = builder.tables<fb::HotKey>(message.hot_keys, encode_hot_key);
  const auto root = fb::CreateStatusReply(
      builder.flat, static_cast<uint8_t>(message.code), text, node_id, cluster_name, engine, nodes,
      message.requests, message.latency_mean_us, message.layout_version, message.is_settled,
      message.partition_count, message.replica_count, message.hints_pending, message.read_repairs,
      message.pressure_permille, message.bytes_on_disk, storage_state, message.hint_bytes,
      age_on_wire(message.hint_age), message.hints_dropped, message.dirty_partitions, anti_entropy,
      hot_keys, message.recent_reads, message.requests_refused, message.request_bytes,
      message.request_bytes_max);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::StatusReply& table, StatusReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  out.node_id = checks.optional_node_id(view(table.node_id()), "node_id");
  out.cluster_name = checks.cluster_name(view(table.cluster_name()));
  out.engine = checks.bytes(view(table.engine()), kEngineNameBytesMax, "engine");
  read_each(table.nodes(), out.nodes, kMembersMax, "nodes", checks,
            [&](const fb::StatusNode* node) {
              return StatusNode{
                  .id = checks.node_id(view(node->id()), "nodes.id"),
                  .endpoint = checks.optional_endpoint(view(node->endpoint()), "nodes.endpoint"),
                  .state = checks.enumeration(node->state(), MemberState::kAlive,
                                              MemberState::kLeft, "nodes.state"),
                  .last_seen = checks.wall_time(node->last_seen_ms(), "nodes.last_seen_ms")};
            });
  out.requests = table.requests();
  out.latency_mean_us = table.latency_mean_us();
  out.layout_version = table.layout_version();
  out.is_settled = table.is_settled();
  out.partition_count = table.partition_count();
  out.replica_count = table.replica_count();
  out.hints_pending = table.hints_pending();
  out.read_repairs = table.read_repairs();
  out.pressure_permille = table.pressure_permille();
  checks.require(out.pressure_permille <= kPermilleMax, "pressure_permille", "is above 1000");
  out.bytes_on_disk = table.bytes_on_disk();
  out.storage_state = checks.bytes(view(table.storage_state()), kTextBytesMax, "storage_state");
  out.hint_bytes = table.hint_bytes();
  out.hint_age = checks.age(table.hint_age_ms(), "hint_age_ms");
  out.hints_dropped = table.hints_dropped();
  out.dirty_partitions = table.dirty_partitions();
  out.anti_entropy = read_anti_entropy(table.anti_entropy(), checks);
  read_each(table.hot_keys(), out.hot_keys, kHotKeysMax, "hot_keys", checks,
            [&](const fb::HotKey* hot) { return read_hot_key(*hot, checks); });
  out.recent_reads = table.recent_reads();
  out.requests_refused = table.requests_refused();
  out.request_bytes = table.request_bytes();
  out.request_bytes_max = table.request_bytes_max();
}

std::string_view Encoder::encode(const ErrorReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset text = builder.sentence(message.message);
  const auto root = fb::CreateErrorReply(builder.flat, static_cast<uint8_t>(message.code), text,
                                         timeout_on_wire(message.retry_after));
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::ErrorReply& table, ErrorReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  checks.require(out.code != base::Code::kOk, "code", "of an error is ok");
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  out.retry_after = checks.timeout(table.retry_after_ms());
}

template base::Result<PutRequest> decode(const FrameView&);
template base::Result<PutReply> decode(const FrameView&);
template base::Result<GetRequest> decode(const FrameView&);
template base::Result<GetReply> decode(const FrameView&);
template base::Result<StatusRequest> decode(const FrameView&);
template base::Result<StatusReply> decode(const FrameView&);
template base::Result<ErrorReply> decode(const FrameView&);

}  // namespace distkv::wire
