// A frame: the unit of every stream and every datagram. Layout in PROTOCOL.md.
//
//   0        4      5      6      8            16           24
//   | length | ver  | type | zero | request id | checksum   | body (one FlatBuffer) |
//
// Little-endian. `length` counts the bytes after itself; the checksum covers all the rest of the
// frame: XXH3-64 of the body, seeded with XXH3-64 of bytes 0 to 16.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

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
  kCheckpointRequest = 10,
  kCheckpointReply = 11,
  kHintsRequest = 12,
  kHintsReply = 13,
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
  kPullRequest = 47,
  kPullReply = 48,
  kRootsRequest = 50,
  kRootsReply = 51,
  kLeavesRequest = 52,
  kLeavesReply = 53,
  kKeysRequest = 54,
  kKeysReply = 55,
  kFetchRequest = 56,
  kFetchReply = 57,
  kMergeRequest = 58,
  kGossip = 60,
  kHorizonRequest = 70,
  kHorizonReply = 71,
};

// A checked frame; `body` is a view into the bytes it was read from.
struct FrameView {
  MessageType type = MessageType::kError;
  base::RequestId request_id;
  std::string_view body;
};

// Of the whole frame, as its header announced it.
inline size_t size_of(const FrameView& frame) { return kFrameHeaderBytes + frame.body.size(); }

// What stands before `body` in its frame; for those who can put it there without a copy.
std::array<char, kFrameHeaderBytes> frame_header(MessageType type, base::RequestId request_id,
                                                 std::string_view body);
// Appends one frame to `out`.
void append_frame(MessageType type, base::RequestId request_id, std::string_view body,
                  std::string& out);
// A datagram is exactly one frame. kCorrupt otherwise.
base::Result<FrameView> parse_datagram(std::string_view packet);

// What the first bytes of a frame say, while its body is on its way. Not proven yet: the checksum
// covers the body too.
struct FrameHeader {
  MessageType type = MessageType::kError;
  base::RequestId request_id;
  size_t frame_bytes = 0;  // The whole frame, this header included.
  uint64_t checksum = 0;
};

// False: the frame is not wanted, so none of it is to be kept.
using FrameJudge = std::function<bool(const FrameHeader&)>;

// False: the connection is going away, hand over no more.
using FrameHandler = std::function<bool(const FrameView&)>;

// Cuts a stream into frames, wherever its bytes were split. Holds at most one unfinished frame; a
// frame that lies whole in the bytes fed is never copied.
class FrameReader {
 public:
  explicit FrameReader(size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

  // Hands each frame completed by `bytes` to `on_frame`, in order; views live for that call. A
  // frame over the limit fails with kTooLarge as soon as its header is seen; a wrong version,
  // length or checksum with kCorrupt. After a failure the stream is unusable: close it. If
  // `on_frame` returns false the rest of `bytes` is dropped, and it may have destroyed this reader.
  base::Status feed(std::string_view bytes, const FrameHandler& on_frame);
  // Asked of each frame once, as soon as its header is there and before memory is taken for its
  // body. A frame that is not wanted is dropped as it arrives, unchecked, and the next one is read.
  void set_judge(FrameJudge judge) { judge_ = std::move(judge); }
  // A peer that has greeted may send larger frames than a client. May be called by `on_frame`;
  // holds from the next header on. Counts the whole frame, header included.
  void set_frame_bytes_max(size_t bytes) { frame_bytes_max_ = bytes; }
  size_t bytes_held() const { return partial_.size(); }
  // The end of a frame is missing, kept or dropped.
  bool is_within_frame() const { return !partial_.empty() || bytes_to_drop_ > 0; }

 private:
  base::Status take_whole(std::string_view& bytes, const FrameHandler& on_frame, bool& goes_on);
  base::Status take_partial(std::string_view& bytes, const FrameHandler& on_frame, bool& goes_on);
  void keep(std::string_view& bytes, size_t count);
  void drop(std::string_view& bytes);
  bool is_wanted(const FrameHeader& header) const { return !judge_ || judge_(header); }

  size_t frame_bytes_max_;
  FrameJudge judge_;
  bool has_failed_ = false;
  bool is_judged_ = false;    // The unfinished frame.
  size_t bytes_to_drop_ = 0;  // Of the frame that is not wanted.
  std::string partial_;  // The unfinished frame; capacity never beyond what its header announced.
};

}  // namespace distkv::wire
