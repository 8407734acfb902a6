#include "server/native/native_front.h"

namespace distkv::server::native {

using base::Result;

std::string NativeFront::greeting() { return node_.greeting(); }
void NativeFront::on_datagram(const base::Endpoint& from, std::string_view packet) {
  node_.on_datagram(from, packet);
}
void NativeFront::on_reply(const base::Endpoint& from, const wire::FrameView& frame) {
  node_.on_reply(from, frame);
}
void NativeFront::on_peer_lost(const base::Endpoint& to) { node_.on_peer_lost(to); }
void NativeFront::on_connection_closed(base::ConnectionId connection) {
  node_.on_connection_closed(connection);
}

template <typename Message>
void NativeFront::reply(base::ConnectionId to, base::RequestId id, const Message& message) {
  network_.reply(to, encoder_.encode(message, id));
}

bool NativeFront::on_header(base::ConnectionId from, const wire::FrameHeader& header) {
  return node_.on_header(from, header);
}

void NativeFront::on_request(base::ConnectionId from, const wire::FrameView& frame) {
  node_.arrived(from);
  switch (frame.type) {
    case wire::MessageType::kPutRequest:
      return on_put(from, frame);
    case wire::MessageType::kGetRequest:
      return on_get(from, frame);
    case wire::MessageType::kStatusRequest:
    case wire::MessageType::kExplainRequest:
    case wire::MessageType::kCheckpointRequest:
    case wire::MessageType::kHintsRequest:
      on_admin(from, frame);
      // Small, and few at a time: what they wait for is bounded elsewhere.
      return node_.end_request(from, wire::size_of(frame));
    default:
      return node_.on_request(from, frame);
  }
}

void NativeFront::on_admin(base::ConnectionId from, const wire::FrameView& frame) {
  switch (frame.type) {
    case wire::MessageType::kStatusRequest:
      return on_status(from, frame);
    case wire::MessageType::kExplainRequest:
      return on_explain(from, frame);
    case wire::MessageType::kCheckpointRequest:
      return on_checkpoint(from, frame);
    default:
      return on_hints(from, frame);
  }
}

void NativeFront::on_put(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::PutRequest> request = wire::decode<wire::PutRequest>(frame);
  const size_t bytes = wire::size_of(frame);
  if (!request.is_ok()) {
    reply(from, frame.request_id, wire::ErrorReply{request.code(), request.status().message()});
    return node_.end_request(from, bytes);
  }
  // A put that one node forwards to another is the peers' business.
  if (request->is_forwarded) return node_.on_request(from, frame);
  node_.put(*request, [this, from, id = frame.request_id, bytes](const wire::PutReply& answer) {
    reply(from, id, answer);
    node_.end_request(from, bytes);
  });
}

void NativeFront::on_get(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::GetRequest> request = wire::decode<wire::GetRequest>(frame);
  const size_t bytes = wire::size_of(frame);
  if (!request.is_ok()) {
    reply(from, frame.request_id, wire::ErrorReply{request.code(), request.status().message()});
    return node_.end_request(from, bytes);
  }
  node_.get(*request, [this, from, id = frame.request_id, bytes](const wire::GetReply& answer) {
    reply(from, id, answer);
    node_.end_request(from, bytes);
  });
}

void NativeFront::on_status(base::ConnectionId from, const wire::FrameView& frame) {
  node_.status([this, from, id = frame.request_id](const wire::StatusReply& answer) {
    reply(from, id, answer);
  });
}

void NativeFront::on_explain(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::ExplainRequest> request = wire::decode<wire::ExplainRequest>(frame);
  if (!request.is_ok()) {
    return reply(from, frame.request_id,
                 wire::ErrorReply{request.code(), request.status().message()});
  }
  node_.explain(*request, [this, from, id = frame.request_id](const wire::ExplainReply& answer) {
    reply(from, id, answer);
  });
}

void NativeFront::on_checkpoint(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::CheckpointRequest> request = wire::decode<wire::CheckpointRequest>(frame);
  if (!request.is_ok()) {
    return reply(from, frame.request_id,
                 wire::ErrorReply{request.code(), request.status().message()});
  }
  node_.checkpoint(*request, [this, from, id = frame.request_id](
                                 const wire::CheckpointReply& answer) { reply(from, id, answer); });
}

void NativeFront::on_hints(base::ConnectionId from, const wire::FrameView& frame) {
  const Result<wire::HintsRequest> request = wire::decode<wire::HintsRequest>(frame);
  if (!request.is_ok()) {
    return reply(from, frame.request_id,
                 wire::ErrorReply{request.code(), request.status().message()});
  }
  node_.hints(*request, [this, from, id = frame.request_id](const wire::HintsReply& answer) {
    reply(from, id, answer);
  });
}

}  // namespace distkv::server::native
