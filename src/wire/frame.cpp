#include "wire/frame.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/hash.h"

namespace distkv::wire {
namespace {

using base::Code;
using base::Result;
using base::Status;

constexpr size_t kLengthBytes = 4;  // The length field, which does not count itself.
constexpr size_t kChecksumOffset = 16;
static_assert(kChecksumOffset + sizeof(uint64_t) == kFrameHeaderBytes);

// XXH3-64 of the body, seeded with that of the header before the checksum: both are covered without
// being copied side by side.
uint64_t checksum_of(std::string_view header, std::string_view body) {
  return base::hash64(body, base::hash64(header.substr(0, kChecksumOffset)));
}

// Little-endian, as base::Writer does it, but into a place that is there already.
template <typename Integer>
void put(Integer value, char*& next) {
  for (size_t i = 0; i < sizeof value; ++i) *next++ = static_cast<char>(value >> (8 * i));
}

Status corrupt(std::string message) { return Status(Code::kCorrupt, std::move(message)); }

// Judges all that can be known before the body is there.
Result<FrameHeader> parse_header(std::string_view bytes, size_t frame_bytes_max) {
  DISTKV_CHECK(bytes.size() >= kFrameHeaderBytes);
  base::Reader reader(bytes.substr(0, kFrameHeaderBytes));
  FrameHeader header;
  header.frame_bytes = kLengthBytes + size_t{reader.u32()};
  const uint8_t version = reader.u8();
  header.type = static_cast<MessageType>(reader.u8());
  const uint16_t reserved = reader.u16();
  header.request_id = base::RequestId{reader.u64()};
  header.checksum = reader.u64();

  // The version first: another one may lay out the rest differently.
  if (version != kProtocolVersion) {
    return corrupt("frame of protocol version " + std::to_string(version) + ", this node speaks " +
                   std::to_string(kProtocolVersion));
  }
  if (reserved != 0) return corrupt("frame whose reserved bytes are not zero");
  if (header.frame_bytes < kFrameHeaderBytes) return corrupt("frame shorter than its own header");
  if (header.frame_bytes > frame_bytes_max) {
    return Status(Code::kTooLarge, "frame of " + std::to_string(header.frame_bytes) +
                                       " bytes is over the limit of " +
                                       std::to_string(frame_bytes_max));
  }
  return header;
}

// `frame` is exactly the bytes `header` announced.
Result<FrameView> check_frame(const FrameHeader& header, std::string_view frame) {
  DISTKV_CHECK(frame.size() == header.frame_bytes);
  const std::string_view body = frame.substr(kFrameHeaderBytes);
  if (checksum_of(frame, body) != header.checksum) {
    return corrupt("frame does not match its checksum");
  }
  return FrameView{header.type, header.request_id, body};
}

}  // namespace

std::array<char, kFrameHeaderBytes> frame_header(MessageType type, base::RequestId request_id,
                                                 std::string_view body) {
  const size_t length = kFrameHeaderBytes - kLengthBytes + body.size();
  DISTKV_CHECK(length <= std::numeric_limits<uint32_t>::max());

  std::array<char, kFrameHeaderBytes> header{};
  char* next = header.data();
  put(static_cast<uint32_t>(length), next);
  put(kProtocolVersion, next);
  put(static_cast<uint8_t>(type), next);
  put(uint16_t{0}, next);
  put(request_id.value(), next);
  put(checksum_of({header.data(), header.size()}, body), next);
  DISTKV_CHECK(next == header.data() + header.size());
  return header;
}

void append_frame(MessageType type, base::RequestId request_id, std::string_view body,
                  std::string& out) {
  const auto header = frame_header(type, request_id, body);
  out.append(header.data(), header.size()).append(body);
}

Result<FrameView> parse_datagram(std::string_view packet) {
  if (packet.size() < kFrameHeaderBytes) return corrupt("datagram shorter than a frame header");
  const Result<FrameHeader> header = parse_header(packet, packet.size());
  if (!header.is_ok()) return corrupt(header.status().message());
  if (header->frame_bytes != packet.size()) return corrupt("datagram with bytes after its frame");
  return check_frame(*header, packet);
}

Status FrameReader::feed(std::string_view bytes, const FrameHandler& on_frame) {
  if (has_failed_) return corrupt("the stream failed before");
  bool goes_on = true;
  // After a handler said no, this object may be gone: nothing below touches it then.
  while (goes_on && !bytes.empty()) {
    if (bytes_to_drop_ > 0) {
      drop(bytes);
      continue;
    }
    const Status status = partial_.empty() ? take_whole(bytes, on_frame, goes_on)
                                           : take_partial(bytes, on_frame, goes_on);
    if (!status.is_ok()) {
      has_failed_ = true;
      return status;
    }
  }
  return Status::ok();
}

Status FrameReader::take_whole(std::string_view& bytes, const FrameHandler& on_frame,
                               bool& goes_on) {
  if (bytes.size() < kFrameHeaderBytes) {
    keep(bytes, bytes.size());
    return Status::ok();
  }
  const Result<FrameHeader> header = parse_header(bytes, frame_bytes_max_);
  if (!header.is_ok()) return header.status();
  if (!is_wanted(*header)) {
    bytes_to_drop_ = header->frame_bytes;
    return Status::ok();
  }
  if (bytes.size() < header->frame_bytes) {
    is_judged_ = true;
    partial_.reserve(header->frame_bytes);
    keep(bytes, bytes.size());
    return Status::ok();
  }
  const Result<FrameView> frame = check_frame(*header, bytes.substr(0, header->frame_bytes));
  if (!frame.is_ok()) return frame.status();
  bytes.remove_prefix(header->frame_bytes);
  goes_on = on_frame(*frame);
  return Status::ok();
}

Status FrameReader::take_partial(std::string_view& bytes, const FrameHandler& on_frame,
                                 bool& goes_on) {
  if (partial_.size() < kFrameHeaderBytes) keep(bytes, kFrameHeaderBytes - partial_.size());
  if (partial_.size() < kFrameHeaderBytes) return Status::ok();
  // Read before a byte of the body is kept, and again with each chunk: 24 bytes, cheap.
  const Result<FrameHeader> header = parse_header(partial_, frame_bytes_max_);
  if (!header.is_ok()) return header.status();
  if (!is_judged_ && !is_wanted(*header)) {
    bytes_to_drop_ = header->frame_bytes - partial_.size();
    partial_ = std::string();
    return Status::ok();
  }
  is_judged_ = true;
  partial_.reserve(header->frame_bytes);
  keep(bytes, header->frame_bytes - partial_.size());
  if (partial_.size() < header->frame_bytes) return Status::ok();

  is_judged_ = false;
  // Moved out, so that the view outlives this object should the handler destroy it.
  const std::string whole = std::exchange(partial_, std::string());
  const Result<FrameView> frame = check_frame(*header, whole);
  if (!frame.is_ok()) return frame.status();
  goes_on = on_frame(*frame);
  return Status::ok();
}

void FrameReader::keep(std::string_view& bytes, size_t count) {
  const size_t kept = std::min(count, bytes.size());
  partial_.append(bytes.substr(0, kept));
  bytes.remove_prefix(kept);
}

void FrameReader::drop(std::string_view& bytes) {
  const size_t dropped = std::min(bytes_to_drop_, bytes.size());
  bytes.remove_prefix(dropped);
  bytes_to_drop_ -= dropped;
}

}  // namespace distkv::wire
