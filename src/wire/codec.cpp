#include "wire/codec.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace distkv::wire {
namespace {

// The header, and the tables and padding around the strings.
constexpr size_t kEnvelopeBytes = 4096;

}  // namespace

Encoder::Encoder() : state_(std::make_unique<State>()) {}
Encoder::~Encoder() = default;

void FrameBuilder::begin(size_t bytes_expected) {
  const bool is_giant = bytes_expected > kEncoderBytesKept;
  if (is_giant || frame_bytes_ > kEncoderBytesKept) {
    // Sized at once: growing by halves would copy a giant again and again.
    flat = flatbuffers::FlatBufferBuilder(bytes_expected + kEnvelopeBytes);
  } else {
    flat.Clear();
  }
  frame_bytes_ = 0;
}

std::string_view FrameBuilder::finish(MessageType type, base::RequestId id,
                                      flatbuffers::Offset<void> root) {
  DISTKV_CHECK(frame_bytes_ == 0);
  flat.Finish(root);
  const auto* body = reinterpret_cast<const char*>(flat.GetBufferPointer());
  const auto header = frame_header(type, id, {body, flat.GetSize()});
  // The builder grows downwards, so what is pushed last stands first.
  flat.PushFlatBuffer(reinterpret_cast<const uint8_t*>(header.data()), header.size());
  frame_bytes_ = flat.GetSize();
  return {reinterpret_cast<const char*>(flat.GetBufferPointer()), frame_bytes_};
}

TextOffset FrameBuilder::text(std::string_view bytes) {
  return bytes.empty() ? TextOffset(0) : present(bytes);
}

TextVectorOffset FrameBuilder::texts(const std::vector<std::string_view>& items) {
  if (items.empty()) return 0;
  std::vector<TextOffset> offsets;
  offsets.reserve(items.size());
  for (const std::string_view item : items) offsets.push_back(present(item));
  return flat.CreateVector(offsets);
}

uint32_t timeout_on_wire(std::chrono::milliseconds timeout) {
  return static_cast<uint32_t>(
      std::clamp(timeout, std::chrono::milliseconds(0), kTimeoutMax).count());
}

uint64_t time_on_wire(base::WallTime time) {
  return static_cast<uint64_t>(time.time_since_epoch().count());
}

uint64_t age_on_wire(std::chrono::milliseconds age) {
  return static_cast<uint64_t>(std::clamp(age, std::chrono::milliseconds(0), kAgeMax).count());
}

base::Status check_body(const FrameView& frame, MessageType type, VerifyBody verify) {
  if (frame.type != type) {
    return base::Status(base::Code::kInvalidArgument,
                        "frame of type " + std::to_string(static_cast<int>(frame.type)) +
                            " where type " + std::to_string(static_cast<int>(type)) +
                            " was expected");
  }
  if (frame.body.size() > kPeerFrameBytesMax) {
    return base::Status(base::Code::kTooLarge, "body is longer than any frame");
  }
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(frame.body.data()),
                                 frame.body.size(), kVerifierDepthMax, kVerifierTablesMax);
  if (!verify(verifier)) {
    return base::Status(base::Code::kCorrupt,
                        "body of type " + std::to_string(static_cast<int>(type)) + " is malformed");
  }
  return base::Status::ok();
}

}  // namespace distkv::wire
