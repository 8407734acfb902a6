// The bytes of the log: segment headers, frames, commits (FORMAT.md). Pure functions; no file is
// touched here. Invariant: a frame validates only where it was written: its checksum is seeded with
// the store, the segment's number and its offset, so recycled or misplaced bytes never do.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/lsm/ids.h"
#include "storage/lsm/wal/log.h"
#include "storage/lsm/wal/replay.h"

namespace distkv::storage::lsm {

// Frames start at multiples of this: the largest unit a disk or the page cache writes at once, so
// that a torn write never reaches into an earlier frame.
inline constexpr uint64_t kLogPageBytes = 4096;
inline constexpr uint64_t kFrameHeaderBytes = 48;
inline constexpr uint64_t kSegmentHeaderBytes = 56;
// What a segment needs beside the largest payload: its header's page, a frame's header and padding,
// and the page kept for the closing frame.
inline constexpr uint64_t kFrameOverheadMax = 4 * kLogPageBytes;
// Far above what any store reaches; sums of sequences below it cannot overflow.
inline constexpr Sequence kSequenceMax{uint64_t{1} << 62};

// `bytes` rounded up to whole pages.
constexpr uint64_t whole_pages(uint64_t bytes) {
  return (bytes + kLogPageBytes - 1) / kLogPageBytes * kLogPageBytes;
}

// The first page of a segment. On disk before any frame of the segment is written.
struct SegmentHeader {
  StoreId store;
  SegmentNumber number;  // 0: the file was made and never used.
  uint64_t bytes = 0;    // Of the segment, this page included.
  Sequence first;        // Of the first commit here; everything older is in earlier segments.
};

// One page.
std::string encode_segment_header(const SegmentHeader& header);
// Nullopt if the checksum, the magic, the version or a bound is wrong. The caller judges the store.
std::optional<SegmentHeader> decode_segment_header(std::string_view page);

struct FrameHeader {
  bool is_closing = false;  // Written by an orderly close; holds no commit.
  bool is_packed = false;   // The payload is its unpacked size, then its LZ4 bytes.
  uint32_t payload_bytes = 0;
  uint32_t commits = 0;
  SegmentNumber segment;
  Sequence first;      // Of its first commit; the next one's if it has none.
  Sequence synced_to;  // Everything up to here was on disk before this frame was written.
};

// `bytes` holds room for the header (kFrameHeaderBytes), then the payload: fills in the header and
// pads with zeros to whole pages. `header.payload_bytes` must be right.
void seal_frame(const FrameHeader& header, StoreId store, uint64_t offset, std::string& bytes);
// Reads the fields alone: nullopt if there is too little or magic, version, flags or a bound is
// wrong.
std::optional<FrameHeader> peek_frame(std::string_view bytes);
// The checksum of a frame as peeked; `bytes` holds its header and payload.
bool is_frame_intact(const FrameHeader& header, StoreId store, uint64_t offset,
                     std::string_view bytes);

// Makes the payload behind the header's room a packed one in `packed`, if that saves a quarter:
// true, and `header` then says so. Quick rather than tight: it competes with the disk.
bool pack_frame(FrameHeader& header, std::string_view bytes, std::string& packed);
// The payload as it was before packing, perhaps in `unpacked`; nullopt if it cannot be.
std::optional<std::string_view> unpack_payload(const FrameHeader& header, std::string_view payload,
                                               std::string& unpacked);

// Appends a commit to a payload.
void encode_commit(std::span<const LogWrite> writes, std::string& payload);
// Hands every write of a payload on, in order; the sequence of the first commit is `first`. Commits
// up to `skip` are passed over. kCorrupt if the bytes are not exactly `commits` commits; else the
// first status of `visit` that is not ok.
base::Status decode_commits(std::string_view payload, Sequence first, uint32_t commits,
                            Sequence skip,
                            const std::function<base::Status(const LoggedWrite&)>& visit);

}  // namespace distkv::storage::lsm
