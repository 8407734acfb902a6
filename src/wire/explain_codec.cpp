// The explanation of one key.
#include <string_view>

#include "wire/client_generated.h"
#include "wire/codec.h"

namespace distkv::wire {

using base::RequestId;

template <>
struct TableOf<ExplainRequest> {
  using Type = fb::ExplainRequest;
};
template <>
struct TableOf<ExplainReply> {
  using Type = fb::ExplainReply;
};

std::string_view Encoder::encode(const ExplainRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset key = builder.text(message.key);
  const auto root = fb::CreateExplainRequest(builder.flat, key, timeout_on_wire(message.timeout));
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::ExplainRequest& table, ExplainRequest& out, Checks& checks) {
  out.key = checks.key(view(table.key()));
  out.timeout = checks.timeout(table.timeout_ms());
}

static flatbuffers::Offset<fb::ExplainVersion> encode_version(FrameBuilder& builder,
                                                              const ExplainVersion& version) {
  return fb::CreateExplainVersion(builder.flat, version.actor.value(), version.counter.value(),
                                  version.value_bytes, time_on_wire(version.expires_at),
                                  version.is_tombstone);
}

static flatbuffers::Offset<fb::ExplainReplica> encode_replica(FrameBuilder& builder,
                                                              const ExplainReplica& replica) {
  const TextOffset id = builder.text(replica.id);
  const TextOffset endpoint = builder.text(replica.endpoint);
  const TextOffset text = builder.sentence(replica.message);
  const auto versions = builder.tables<fb::ExplainVersion>(replica.versions, encode_version);
  return fb::CreateExplainReplica(builder.flat, id, endpoint, static_cast<uint8_t>(replica.state),
                                  static_cast<uint8_t>(replica.code), text, versions,
                                  replica.has_hint_pending, replica.digest, replica.layouts);
}

static flatbuffers::Offset<fb::ExplainHint> encode_hint(FrameBuilder& builder,
                                                        const ExplainHint& hint) {
  const TextOffset holder = builder.text(hint.holder);
  const TextOffset target = builder.text(hint.target);
  return fb::CreateExplainHint(builder.flat, holder, target, age_on_wire(hint.age));
}

std::string_view Encoder::encode(const ExplainReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset text = builder.sentence(message.message);
  const auto replicas = builder.tables<fb::ExplainReplica>(message.replicas, encode_replica);
  const TextOffset verdict = builder.sentence(message.verdict);
  const auto hints = builder.tables<fb::ExplainHint>(message.hints, encode_hint);
  const auto root = fb::CreateExplainReply(
      builder.flat, static_cast<uint8_t>(message.code), text, message.token.value(), message.slot,
      message.partition.value(), message.layout_version, replicas, verdict,
      message.previous_layout_version, hints, message.tells_hints);
  return builder.finish(message.kType, id, root.Union());
}

static ExplainVersion read_version(const fb::ExplainVersion& version, Checks& checks) {
  return {.actor = base::ActorId(version.actor()),
          .counter = base::Counter(version.counter()),
          .value_bytes = version.value_bytes(),
          .expires_at = checks.wall_time(version.expires_at_ms(), "versions.expires_at_ms"),
          .is_tombstone = version.is_tombstone()};
}

static ExplainReplica read_replica(const fb::ExplainReplica& table, Checks& checks) {
  ExplainReplica replica;
  replica.id = checks.node_id(view(table.id()), "replicas.id");
  replica.endpoint = checks.optional_endpoint(view(table.endpoint()), "replicas.endpoint");
  replica.state =
      checks.enumeration(table.state(), MemberState::kAlive, MemberState::kLeft, "replicas.state");
  replica.code = checks.code(table.code());
  replica.message = checks.bytes(view(table.message()), kTextBytesMax, "replicas.message");
  read_each(table.versions(), replica.versions, kReplyValuesMax, "replicas.versions", checks,
            [&](const fb::ExplainVersion* version) { return read_version(*version, checks); });
  replica.has_hint_pending = table.has_hint_pending();
  replica.digest = table.digest();
  replica.layouts = table.layouts();
  return replica;
}

static void read(const fb::ExplainReply& table, ExplainReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  out.token = base::Token(table.token());
  out.slot = table.slot();
  out.partition = base::PartitionId(table.partition());
  out.layout_version = table.layout_version();
  read_each(table.replicas(), out.replicas, kReplyNodesMax, "replicas", checks,
            [&](const fb::ExplainReplica* replica) { return read_replica(*replica, checks); });
  out.verdict = checks.bytes(view(table.verdict()), kTextBytesMax, "verdict");
  out.previous_layout_version = table.previous_layout_version();
  read_each(table.hints(), out.hints, kExplainHintsMax, "hints", checks,
            [&](const fb::ExplainHint* hint) {
              return ExplainHint{.holder = checks.node_id(view(hint->holder()), "hints.holder"),
                                 .target = checks.node_id(view(hint->target()), "hints.target"),
                                 .age = checks.age(hint->age_ms(), "hints.age_ms")};
            });
  out.tells_hints = table.tells_hints();
}

template base::Result<ExplainRequest> decode(const FrameView&);
template base::Result<ExplainReply> decode(const FrameView&);

}  // namespace distkv::wire
