#include "storage/lsm/wal/segment_reader.h"

#include <algorithm>
#include <cstring>

#include "storage/io/whole.h"

namespace distkv::storage::lsm {
namespace {

// Large enough that a read's own cost vanishes, small enough to stay in the processor's cache.
constexpr uint64_t kWindowBytes = 1 << 20;

}  // namespace

base::Status SegmentReader::move_window(uint64_t offset, uint64_t wanted) {
  const uint64_t window_end = window_offset_ + window_bytes_;
  const uint64_t bytes = std::min(std::max(wanted, kWindowBytes), bytes_ - offset);
  uint64_t kept = 0;
  if (window_.size() < bytes) {
    window_.resize(bytes);
  }
  if (offset >= window_offset_ && offset < window_end) {
    kept = std::min(window_end - offset, bytes);
    std::memmove(window_.data(), window_.data() + (offset - window_offset_), kept);
  }
  window_offset_ = offset;
  window_bytes_ = 0;  // Until the read has succeeded.
  const auto status =
      io::read_fully(file_, offset + kept, std::span(window_).subspan(kept, bytes - kept));
  if (status.is_ok()) window_bytes_ = bytes;
  return status;
}

base::Result<std::string_view> SegmentReader::view(uint64_t offset, uint64_t wanted) {
  if (offset >= bytes_) return std::string_view();
  wanted = std::min(wanted, bytes_ - offset);
  if (offset < window_offset_ || offset + wanted > window_offset_ + window_bytes_) {
    if (auto status = move_window(offset, wanted); !status.is_ok()) return status;
  }
  return std::string_view(window_).substr(offset - window_offset_, wanted);
}

base::Result<std::string_view> SegmentReader::first_page() { return view(0, kLogPageBytes); }

base::Result<std::optional<FrameView>> SegmentReader::frame(StoreId store, SegmentNumber number,
                                                            uint64_t offset) {
  auto bytes = view(offset, kFrameHeaderBytes);
  if (!bytes.is_ok()) return bytes.status();
  const auto header = peek_frame(*bytes);
  const auto is_wanted = [&] { return number == SegmentNumber{} || header->segment == number; };
  if (!header || !is_wanted()) return std::optional<FrameView>();
  const uint64_t frame_bytes = kFrameHeaderBytes + header->payload_bytes;
  if (frame_bytes > bytes_ - offset) return std::optional<FrameView>();
  bytes = view(offset, frame_bytes);
  if (!bytes.is_ok()) return bytes.status();
  if (!is_frame_intact(*header, store, offset, *bytes)) return std::optional<FrameView>();
  const auto payload = unpack_payload(*header, bytes->substr(kFrameHeaderBytes), unpacked_);
  if (!payload) {
    return base::Status(base::Code::kCorrupt, file_.path() + ": offset " + std::to_string(offset) +
                                                  ": an intact frame cannot be unpacked");
  }
  return std::optional(FrameView{*header, *payload, offset + whole_pages(frame_bytes)});
}

}  // namespace distkv::storage::lsm
