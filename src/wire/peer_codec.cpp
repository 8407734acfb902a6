// What nodes say to each other on streams.
#include <string_view>

#include "wire/member_codec.h"
#include "wire/peer_generated.h"

namespace distkv::wire {

using base::RequestId;

template <>
struct TableOf<Greeting> {
  using Type = fb::Greeting;
};
template <>
struct TableOf<ApplyRequest> {
  using Type = fb::ApplyRequest;
};
template <>
struct TableOf<ApplyReply> {
  using Type = fb::ApplyReply;
};
template <>
struct TableOf<ReadRequest> {
  using Type = fb::ReadRequest;
};
template <>
struct TableOf<ReadReply> {
  using Type = fb::ReadReply;
};
template <>
struct TableOf<JoinRequest> {
  using Type = fb::JoinRequest;
};
template <>
struct TableOf<JoinReply> {
  using Type = fb::JoinReply;
};
template <>
struct TableOf<LayoutRequest> {
  using Type = fb::LayoutRequest;
};
template <>
struct TableOf<LayoutReply> {
  using Type = fb::LayoutReply;
};
template <>
struct TableOf<MembersRequest> {
  using Type = fb::MembersRequest;
};
template <>
struct TableOf<MembersReply> {
  using Type = fb::MembersReply;
};
template <>
struct TableOf<TransferDone> {
  using Type = fb::TransferDone;
};
template <>
struct TableOf<PullRequest> {
  using Type = fb::PullRequest;
};
template <>
struct TableOf<PullReply> {
  using Type = fb::PullReply;
};

static fb::Id128 on_wire(const base::ClusterId& id) { return {id.value().high, id.value().low}; }

static base::ClusterId cluster_id(const fb::Id128* id) {
  return id == nullptr ? base::ClusterId() : base::ClusterId({id->high(), id->low()});
}

std::string_view Encoder::encode(const Greeting& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const fb::Id128 cluster = on_wire(message.cluster_id);
  const TextOffset cluster_name = builder.text(message.cluster_name);
  const TextOffset node_id = builder.text(message.node_id);
  const auto root = fb::CreateGreeting(builder.flat, &cluster, cluster_name, node_id);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::Greeting& table, Greeting& out, Checks& checks) {
  out.cluster_id = cluster_id(table.cluster_id());
  out.cluster_name = checks.cluster_name(view(table.cluster_name()));
  out.node_id = checks.node_id(view(table.node_id()), "node_id");
}

std::string_view Encoder::encode(const ApplyRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(message.values.size() + message.meta.size() + message.key.size());
  const TextOffset values = builder.text(message.values);
  const TextOffset meta = builder.text(message.meta);
  const TextOffset key = builder.text(message.key);
  const auto root = fb::CreateApplyRequest(builder.flat, key, meta, values,
                                           message.layout_version.value(), message.is_new);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::ApplyRequest& table, ApplyRequest& out, Checks& checks) {
  out.key = checks.key(view(table.key()));
  out.meta = checks.bytes(view(table.meta()), kRecordMetaBytesMax, "meta");
  out.values = view(table.values());  // As long as the frame lets it.
  out.layout_version = base::LayoutVersion(table.layout_version());
  out.is_new = table.is_new();
}

std::string_view Encoder::encode(const ApplyReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset text = builder.sentence(message.message);
  const auto root = fb::CreateApplyReply(builder.flat, static_cast<uint8_t>(message.code), text,
                                         static_cast<uint8_t>(message.persistence));
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::ApplyReply& table, ApplyReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  out.persistence = checks.persistence(table.persistence());
}

std::string_view Encoder::encode(const ReadRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset key = builder.text(message.key);
  const auto root = fb::CreateReadRequest(builder.flat, key, message.layout_version.value(),
                                          message.wants_digest, timeout_on_wire(message.timeout));
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::ReadRequest& table, ReadRequest& out, Checks& checks) {
  out.key = checks.key(view(table.key()));
  out.layout_version = base::LayoutVersion(table.layout_version());
  out.wants_digest = table.wants_digest();
  out.timeout = checks.timeout(table.timeout_ms());
}

std::string_view Encoder::encode(const ReadReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(message.values.size() + message.meta.size());
  const TextOffset values = builder.text(message.values);
  const TextOffset meta = builder.text(message.meta);
  const TextOffset text = builder.sentence(message.message);
  const auto root = fb::CreateReadReply(builder.flat, static_cast<uint8_t>(message.code), text,
                                        message.digest, meta, values, message.horizon.value());
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::ReadReply& table, ReadReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  out.digest = table.digest();
  out.meta = checks.bytes(view(table.meta()), kRecordMetaBytesMax, "meta");
  out.values = view(table.values());
  out.horizon = base::Counter(table.horizon());
}

std::string_view Encoder::encode(const JoinRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset cluster_name = builder.text(message.cluster_name);
  const fb::Id128 cluster = on_wire(message.cluster_id);
  const MemberOffset member = encode_member(builder, message.member);
  const auto root =
      fb::CreateJoinRequest(builder.flat, cluster_name, &cluster, member, message.weight);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::JoinRequest& table, JoinRequest& out, Checks& checks) {
  out.cluster_name = checks.cluster_name(view(table.cluster_name()));
  out.cluster_id = cluster_id(table.cluster_id());
  out.member = read_member(table.member(), "member", checks);
  out.weight = table.weight();
  checks.require(out.weight <= kWeightMax, "weight", "is over 10000");
}

std::string_view Encoder::encode(const JoinReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(message.layouts.size());
  const TextOffset layouts = builder.text(message.layouts);
  const TextOffset text = builder.sentence(message.message);
  const fb::Id128 cluster = on_wire(message.cluster_id);
  const TextOffset cluster_name = builder.text(message.cluster_name);
  const auto members = builder.tables<fb::MemberUpdate>(message.members, encode_member);
  const auto root = fb::CreateJoinReply(builder.flat, static_cast<uint8_t>(message.code), text,
                                        &cluster, cluster_name, layouts, members);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::JoinReply& table, JoinReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  out.cluster_id = cluster_id(table.cluster_id());
  out.cluster_name = checks.cluster_name(view(table.cluster_name()));
  out.layouts = checks.bytes(view(table.layouts()), kLayoutsBytesMax, "layouts");
  read_members(table.members(), kMembersMax, "members", out.members, checks);
}

std::string_view Encoder::encode(const LayoutRequest& message, RequestId id) {
  state_->begin();
  return state_->finish(message.kType, id, fb::CreateLayoutRequest(state_->flat).Union());
}

static void read(const fb::LayoutRequest&, LayoutRequest&, Checks&) {}

std::string_view Encoder::encode(const LayoutReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(message.layouts.size());
  const TextOffset layouts = builder.text(message.layouts);
  const auto root = fb::CreateLayoutReply(builder.flat, layouts);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::LayoutReply& table, LayoutReply& out, Checks& checks) {
  out.layouts = checks.bytes(view(table.layouts()), kLayoutsBytesMax, "layouts");
}

std::string_view Encoder::encode(const MembersRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const auto members = builder.tables<fb::MemberUpdate>(message.members, encode_member);
  const auto root = fb::CreateMembersRequest(builder.flat, members);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::MembersRequest& table, MembersRequest& out, Checks& checks) {
  read_members(table.members(), kMembersMax, "members", out.members, checks);
}

std::string_view Encoder::encode(const MembersReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const auto members = builder.tables<fb::MemberUpdate>(message.members, encode_member);
  const auto root = fb::CreateMembersReply(builder.flat, members);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::MembersReply& table, MembersReply& out, Checks& checks) {
  read_members(table.members(), kMembersMax, "members", out.members, checks);
}

std::string_view Encoder::encode(const TransferDone& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset node_id = builder.text(message.node_id);
  const auto root = fb::CreateTransferDone(builder.flat, message.layout_version.value(), node_id);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::TransferDone& table, TransferDone& out, Checks& checks) {
  out.layout_version = base::LayoutVersion(table.layout_version());
  out.node_id = checks.node_id(view(table.node_id()), "node_id");
}

std::string_view Encoder::encode(const PullRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset after = builder.text(message.after);
  const auto root = fb::CreatePullRequest(builder.flat, message.layout_version.value(),
                                          message.first.value(), message.last.value(), after);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::PullRequest& table, PullRequest& out, Checks& checks) {
  out.layout_version = base::LayoutVersion(table.layout_version());
  out.first = base::Token(table.first());
  out.last = base::Token(table.last());
  out.after = checks.bytes(view(table.after()), base::kKeyBytesMax, "after");
  checks.require(out.first <= out.last, "last", "comes before the first token");
}

static flatbuffers::Offset<fb::PulledRecord> encode_pulled(FrameBuilder& builder,
                                                           const PulledRecord& record) {
  const TextOffset values = builder.text(record.values);
  const TextOffset meta = builder.text(record.meta);
  const TextOffset key = builder.text(record.key);
  return fb::CreatePulledRecord(builder.flat, key, meta, values);
}

static PulledRecord read_pulled(const fb::PulledRecord* table, Checks& checks) {
  checks.require(table != nullptr, "records", "has an empty entry");
  if (table == nullptr) return {};
  return {checks.key(view(table->key())),
          checks.bytes(view(table->meta()), kRecordMetaBytesMax, "meta"), view(table->values())};
}

std::string_view Encoder::encode(const PullReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  size_t bytes = 0;
  for (const PulledRecord& record : message.records) {
    bytes += record.key.size() + record.meta.size() + record.values.size();
  }
  builder.begin(bytes);
  const auto records = builder.tables<fb::PulledRecord>(message.records, encode_pulled);
  const TextOffset last = builder.text(message.last);
  const TextOffset text = builder.sentence(message.message);
  const auto root =
      fb::CreatePullReply(builder.flat, static_cast<uint8_t>(message.code), text, records, last);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::PullReply& table, PullReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  read_each(table.records(), out.records, kPulledMax, "records", checks,
            [&](const fb::PulledRecord* record) { return read_pulled(record, checks); });
  out.last = checks.bytes(view(table.last()), base::kKeyBytesMax, "last");
}

template base::Result<Greeting> decode(const FrameView&);
template base::Result<ApplyRequest> decode(const FrameView&);
template base::Result<ApplyReply> decode(const FrameView&);
template base::Result<ReadRequest> decode(const FrameView&);
template base::Result<ReadReply> decode(const FrameView&);
template base::Result<JoinRequest> decode(const FrameView&);
template base::Result<JoinReply> decode(const FrameView&);
template base::Result<LayoutRequest> decode(const FrameView&);
template base::Result<LayoutReply> decode(const FrameView&);
template base::Result<MembersRequest> decode(const FrameView&);
template base::Result<MembersReply> decode(const FrameView&);
template base::Result<TransferDone> decode(const FrameView&);
template base::Result<PullRequest> decode(const FrameView&);
template base::Result<PullReply> decode(const FrameView&);

}  // namespace distkv::wire
