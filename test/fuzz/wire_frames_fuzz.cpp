// Any bytes as a stream. The first byte says how large its pieces are, the rest may have its
// checksums made right. However it is cut, the same frames come out of it, also where some of them
// are not wanted.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "wire/frame.h"

namespace distkv::wire {
namespace {

constexpr size_t kFrameBytesMax = 4096;
constexpr uint8_t kRepairFlag = 0x80;

struct Taken {
  std::vector<std::string> frames;
  base::Code code = base::Code::kOk;
  friend bool operator==(const Taken&, const Taken&) = default;
};

bool is_wanted(const FrameHeader& header) { return header.request_id.value() % 2 == 0; }
bool is_any_wanted(const FrameHeader&) { return true; }

Taken feed(std::string_view stream, size_t piece_bytes, const FrameJudge& judge) {
  Taken taken;
  FrameReader reader(kFrameBytesMax);
  reader.set_judge(judge);
  while (!stream.empty() && taken.code == base::Code::kOk) {
    const std::string piece(stream.substr(0, piece_bytes));  // Views must not outlive it.
    stream.remove_prefix(piece.size());
    const base::Status status = reader.feed(piece, [&taken](const FrameView& frame) {
      std::string again;
      append_frame(frame.type, frame.request_id, frame.body, again);
      taken.frames.push_back(std::move(again));
      return true;
    });
    taken.code = status.code();
    DISTKV_CHECK(reader.bytes_held() <= kFrameBytesMax);
  }
  return taken;
}

// Frames of the lengths, types and identities that the bytes hold, with headers that fit.
std::string repaired(std::string_view bytes) {
  std::string stream;
  while (bytes.size() > 2) {
    const size_t wanted = static_cast<uint8_t>(bytes[0]);
    const std::string_view body = bytes.substr(2, wanted);
    append_frame(static_cast<MessageType>(static_cast<uint8_t>(bytes[1])), base::RequestId(wanted),
                 body, stream);
    bytes.remove_prefix(2 + body.size());
  }
  return stream;
}

}  // namespace

void fuzz_frames(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto how = static_cast<uint8_t>(bytes[0]);
  bytes.remove_prefix(1);
  const bool is_repaired = (how & kRepairFlag) != 0;
  const std::string stream = is_repaired ? repaired(bytes) : std::string(bytes);
  const Taken whole = feed(stream, stream.size(), is_any_wanted);
  const size_t piece_bytes = 1 + (how & 0x7f);
  DISTKV_CHECK(feed(stream, piece_bytes, is_any_wanted) == whole);
  DISTKV_CHECK(feed(stream, piece_bytes, is_wanted) == feed(stream, stream.size(), is_wanted));
  std::string again;
  for (const std::string& frame : whole.frames) again += frame;
  DISTKV_CHECK(std::string_view(stream).starts_with(again));
  const auto packet = parse_datagram(stream);
  const bool is_one = whole.frames.size() == 1 && whole.frames[0] == stream;
  DISTKV_CHECK(!packet.is_ok() || is_one || stream.size() > kFrameBytesMax);
}

}  // namespace distkv::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  distkv::wire::fuzz_frames({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
