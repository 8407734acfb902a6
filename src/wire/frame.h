// A frame: the unit of every stream and every datagram. Layout in PROTOCOL.md.
//
//   0        4      5      6      8            16           24
//   | length | ver  | type | zero | request id | checksum   | body (one FlatBuffer) |
//
// `length` counts the bytes after itself; the checksum is XXH3-64 of all the rest of the frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"

namespace distkv::wire {

inline constexpr uint8_t kProtocolVersion = 1;
inline constexpr size_t kFrameHeaderBytes = 24;
// A key, a value, a context and the envelope of a client's request.
inline constexpr size_t kClientFrameBytesMax =
    base::kValueBytesMax + base::kKeyBytesMax + 128 * 1024;
// Between nodes whole records travel, with all their siblings.
inline constexpr size_t kPeerFrameBytesMax = 64 * 1024 * 1024;
// One packet that no network on the way splits, headers included.
inline constexpr size_t kDatagramBytesMax = 1200;

// The numbers are the protocol: never reuse one.
enum class MessageType : uint8_t {
  kError = 1,
  kPutRequest = 2,
  kPutReply = 3,
  kGetRequest = 4,
  kGetReply = 5,
  kStatusRequest = 6,
  kStatusReply = 7,
  kExplainRequest = 8,
  kExplainReply = 9,
  kGreeting = 20,
  kApplyRequest = 30,
  kApplyReply = 31,
  kReadRequest = 32,
  kReadReply = 33,
  kJoinRequest = 40,
  kJoinReply = 41,
  kLayoutRequest = 42,
  kLayoutReply = 43,
  kMembersRequest = 44,
  kMembersReply = 45,
  kTransferDone = 46,
  kGossip = 60,
};

// A checked frame; `body` is a view into the bytes it was read from.
struct FrameView {
  MessageType type = MessageType::kError;
  base::RequestId request_id;
  std::string_view body;
};

// Appends one frame to `out`.
void append_frame(MessageType type, base::RequestId request_id, std::string_view body,
                  std::string& out);
// A datagram is exactly one frame. kCorrupt otherwise.
base::Result<FrameView> parse_datagram(std::string_view packet);

// Cuts a stream into frames, wherever its bytes were split. Holds at most one unfinished frame.
class FrameReader {
 public:
  explicit FrameReader(size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

  // Hands each frame completed by `bytes` to `on_frame`, in order; views live for that call. A frame
  // over the limit fails with kTooLarge as soon as its header is seen; a wrong version, length or
  // checksum with kCorrupt. After a failure the stream is unusable: close it. If `on_frame` returns
  // false the rest of `bytes` is dropped (the connection is going away).
  base::Status feed(std::string_view bytes, const std::function<bool(const FrameView&)>& on_frame);
  // A peer that has greeted may send larger frames than a client.
  void set_frame_bytes_max(size_t bytes) { frame_bytes_max_ = bytes; }
  size_t bytes_held() const { return partial_.size(); }

 private:
  size_t frame_bytes_max_;
  std::string partial_;
};

}  // namespace distkv::wire
