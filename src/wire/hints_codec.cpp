// What a node keeps for others: asked for, and answered.
#include <string_view>

#include "wire/client_generated.h"
#include "wire/codec.h"

namespace distkv::wire {

using base::RequestId;

template <>
struct TableOf<HintsRequest> {
  using Type = fb::HintsRequest;
};
template <>
struct TableOf<HintsReply> {
  using Type = fb::HintsReply;
};

std::string_view Encoder::encode(const HintsRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset target = builder.text(message.target);
  const TextOffset key = builder.text(message.key);
  const auto root = fb::CreateHintsRequest(builder.flat, target, message.waits,
                                           timeout_on_wire(message.timeout), key);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::HintsRequest& table, HintsRequest& out, Checks& checks) {
  out.target = checks.optional_node_id(view(table.target()), "target");
  out.waits = table.waits();
  out.timeout = checks.timeout(table.timeout_ms());
  if (table.key() != nullptr) out.key = checks.key(view(table.key()));
}

static flatbuffers::Offset<fb::HintTarget> encode_target(FrameBuilder& builder,
                                                         const HintTarget& target) {
  const TextOffset id = builder.text(target.id);
  return fb::CreateHintTarget(builder.flat, id, target.pending, target.bytes,
                              age_on_wire(target.age), target.delivered, target.dropped);
}

std::string_view Encoder::encode(const HintsReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset text = builder.sentence(message.message);
  const TextOffset node_id = builder.text(message.node_id);
  const auto targets = builder.tables<fb::HintTarget>(message.targets, encode_target);
  const auto root = fb::CreateHintsReply(
      builder.flat, static_cast<uint8_t>(message.code), text, node_id, message.is_done, targets,
      message.bytes_max, message.dropped, message.dirty_partitions, message.is_of_key);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::HintsReply& table, HintsReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  out.node_id = checks.optional_node_id(view(table.node_id()), "node_id");
  out.is_done = table.is_done();
  read_each(table.targets(), out.targets, kMembersMax, "targets", checks,
            [&](const fb::HintTarget* target) {
              return HintTarget{.id = checks.node_id(view(target->id()), "targets.id"),
                                .pending = target->pending(),
                                .bytes = target->bytes(),
                                .age = checks.age(target->age_ms(), "targets.age_ms"),
                                .delivered = target->delivered(),
                                .dropped = target->dropped()};
            });
  out.bytes_max = table.bytes_max();
  out.dropped = table.dropped();
  out.dirty_partitions = table.dirty_partitions();
  out.is_of_key = table.is_of_key();
}

template base::Result<HintsRequest> decode(const FrameView&);
template base::Result<HintsReply> decode(const FrameView&);

}  // namespace distkv::wire
