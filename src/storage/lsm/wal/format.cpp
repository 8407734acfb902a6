#include "storage/lsm/wal/format.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "base/codec.h"
#include "base/hash.h"
#include "storage/lsm/packing.h"

namespace distkv::storage::lsm {
namespace {

constexpr size_t kChecksumBytes = 8;
constexpr uint32_t kSegmentMagic = 0x474f4c44;  // "DLOG"
constexpr uint32_t kFrameMagic = 0x4d524644;    // "DFRM"
constexpr uint32_t kSegmentVersion = 1;
constexpr uint8_t kFrameVersion = 1;
constexpr uint8_t kClosingFlag = 1;
constexpr uint8_t kPackedFlag = 2;
constexpr size_t kRawSizeBytes = 4;  // Before the packed bytes.
constexpr int kPackHaste = 4;

// Without the checksum, which stands first so that what it covers is one piece.
std::string frame_fields(const FrameHeader& header) {
  std::string fields;
  base::Writer writer(fields);
  writer.u32(kFrameMagic);
  writer.u8(kFrameVersion);
  writer.u8(static_cast<uint8_t>((header.is_closing ? kClosingFlag : 0) |
                                 (header.is_packed ? kPackedFlag : 0)));
  writer.u16(0);
  writer.u32(header.payload_bytes);
  writer.u32(header.commits);
  writer.u64(header.segment.value());
  writer.u64(header.first.value());
  writer.u64(header.synced_to.value());
  DISTKV_DCHECK(fields.size() == kFrameHeaderBytes - kChecksumBytes);
  return fields;
}

std::string encoded(uint64_t value) {
  std::string bytes;
  base::Writer(bytes).u64(value);
  return bytes;
}

uint64_t frame_seed(StoreId store, SegmentNumber segment, uint64_t offset) {
  std::string place;
  base::Writer writer(place);
  writer.id128(store.value());
  writer.u64(segment.value());
  writer.u64(offset);
  return base::hash64(place);
}

uint64_t frame_checksum(const FrameHeader& header, StoreId store, uint64_t offset,
                        std::string_view bytes) {
  const size_t covered = kFrameHeaderBytes - kChecksumBytes + header.payload_bytes;
  return base::hash64(bytes.substr(kChecksumBytes, covered),
                      frame_seed(store, header.segment, offset));
}

}  // namespace

std::string encode_segment_header(const SegmentHeader& header) {
  std::string fields;
  base::Writer writer(fields);
  writer.u32(kSegmentMagic);
  writer.u32(kSegmentVersion);
  writer.id128(header.store.value());
  writer.u64(header.number.value());
  writer.u64(header.bytes);
  writer.u64(header.first.value());
  std::string page = encoded(base::hash64(fields)) + fields;
  DISTKV_CHECK(page.size() == kSegmentHeaderBytes);
  page.resize(kLogPageBytes);
  return page;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view page) {
  if (page.size() < kSegmentHeaderBytes) return std::nullopt;
  base::Reader reader(page.substr(0, kSegmentHeaderBytes));
  const uint64_t checksum = reader.u64();
  const bool is_known = reader.u32() == kSegmentMagic && reader.u32() == kSegmentVersion;
  SegmentHeader header;
  header.store = StoreId{reader.id128()};
  header.number = SegmentNumber{reader.u64()};
  header.bytes = reader.u64();
  header.first = Sequence{reader.u64()};
  const auto covered = page.substr(kChecksumBytes, kSegmentHeaderBytes - kChecksumBytes);
  const bool is_bounded = header.first <= kSequenceMax && header.bytes >= kLogPageBytes;
  // A segment that was never used starts nowhere; any other starts at a commit.
  const bool has_start = (header.number == SegmentNumber{}) == (header.first == Sequence{});
  if (!is_known || !is_bounded || !has_start || checksum != base::hash64(covered))
    return std::nullopt;
  return header;
}

void seal_frame(const FrameHeader& header, StoreId store, uint64_t offset, std::string& bytes) {
  DISTKV_CHECK(bytes.size() == kFrameHeaderBytes + header.payload_bytes);
  DISTKV_CHECK(offset % kLogPageBytes == 0 && offset >= kLogPageBytes);
  bytes.replace(kChecksumBytes, kFrameHeaderBytes - kChecksumBytes, frame_fields(header));
  bytes.replace(0, kChecksumBytes, encoded(frame_checksum(header, store, offset, bytes)));
  bytes.resize(whole_pages(bytes.size()));
}

std::optional<FrameHeader> peek_frame(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  base::Reader reader(bytes.substr(kChecksumBytes, kFrameHeaderBytes - kChecksumBytes));
  if (reader.u32() != kFrameMagic || reader.u8() != kFrameVersion) return std::nullopt;
  const uint8_t flags = reader.u8();
  if (flags > kPackedFlag || reader.u16() != 0) return std::nullopt;
  FrameHeader header;
  header.is_closing = flags == kClosingFlag;
  header.is_packed = flags == kPackedFlag;
  header.payload_bytes = reader.u32();
  header.commits = reader.u32();
  header.segment = SegmentNumber{reader.u64()};
  header.first = Sequence{reader.u64()};
  header.synced_to = Sequence{reader.u64()};
  if (header.first > kSequenceMax || header.synced_to > kSequenceMax) return std::nullopt;
  return header;
}

bool is_frame_intact(const FrameHeader& header, StoreId store, uint64_t offset,
                     std::string_view bytes) {
  if (bytes.size() < kFrameHeaderBytes + header.payload_bytes) return false;
  const uint64_t checksum = base::Reader(bytes).u64();
  return checksum == frame_checksum(header, store, offset, bytes);
}

bool pack_frame(FrameHeader& header, std::string_view bytes, std::string& packed) {
  const std::string_view raw = bytes.substr(kFrameHeaderBytes);
  const size_t begin = kFrameHeaderBytes + kRawSizeBytes;
  packed.resize(std::max(packed.size(), begin + raw.size() * 3 / 4));
  const size_t size = pack(raw, std::span(packed).subspan(begin), kPackHaste);
  if (size == 0) return false;
  packed.resize(begin + size);
  std::string raw_size;
  base::Writer(raw_size).u32(static_cast<uint32_t>(raw.size()));
  packed.replace(kFrameHeaderBytes, kRawSizeBytes, raw_size);
  header.is_packed = true;
  header.payload_bytes = static_cast<uint32_t>(kRawSizeBytes + size);
  return true;
}

std::optional<std::string_view> unpack_payload(const FrameHeader& header, std::string_view payload,
                                               std::string& unpacked) {
  if (!header.is_packed) return payload;
  base::Reader reader(payload);
  const uint32_t raw_bytes = reader.u32();
  const std::string_view packed = reader.raw(reader.remaining());
  if (reader.has_failed() || raw_bytes > unpacked_bytes_max(packed.size())) return std::nullopt;
  unpacked.resize(std::max<size_t>(unpacked.size(), raw_bytes));
  if (!unpack(packed, std::span(unpacked).subspan(0, raw_bytes))) return std::nullopt;
  return std::string_view(unpacked).substr(0, raw_bytes);
}

}  // namespace distkv::storage::lsm
