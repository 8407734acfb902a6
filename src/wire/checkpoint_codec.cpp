// A copy of one node's store: asked for, and answered.
#include <string_view>

#include "wire/client_generated.h"
#include "wire/codec.h"

namespace distkv::wire {

using base::RequestId;

template <>
struct TableOf<CheckpointRequest> {
  using Type = fb::CheckpointRequest;
};
template <>
struct TableOf<CheckpointReply> {
  using Type = fb::CheckpointReply;
};

std::string_view Encoder::encode(const CheckpointRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset name = builder.text(message.name);
  const auto root =
      fb::CreateCheckpointRequest(builder.flat, name, timeout_on_wire(message.timeout));
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::CheckpointRequest& table, CheckpointRequest& out, Checks& checks) {
  out.name = checks.bytes(view(table.name()), kCheckpointNameBytesMax, "name");
  out.timeout = checks.timeout(table.timeout_ms());
}

std::string_view Encoder::encode(const CheckpointReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin();
  const TextOffset text = builder.sentence(message.message);
  const TextOffset node_id = builder.text(message.node_id);
  const TextOffset directory = builder.text(message.directory);
  const auto root = fb::CreateCheckpointReply(builder.flat, static_cast<uint8_t>(message.code),
                                              text, node_id, directory);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::CheckpointReply& table, CheckpointReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  out.node_id = checks.optional_node_id(view(table.node_id()), "node_id");
  out.directory = checks.bytes(view(table.directory()), kPathBytesMax, "directory");
}

template base::Result<CheckpointRequest> decode(const FrameView&);
template base::Result<CheckpointReply> decode(const FrameView&);

}  // namespace distkv::wire
