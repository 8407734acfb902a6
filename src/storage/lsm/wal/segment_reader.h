// Frames out of one segment's file, in order of offset, through a window of bounded size.
// Views live until the next call. Single owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/wal/format.h"

namespace distkv::storage::lsm {

struct FrameView {
  FrameHeader header;
  std::string_view payload;  // Unpacked.
  uint64_t next_offset;      // Where the frame after it would start.
};

class SegmentReader {
 public:
  // Reads the first `bytes` of the file, which has that many; both must outlive this.
  SegmentReader(io::File& file, uint64_t bytes) : file_(file), bytes_(bytes) {}

  // The intact frame at `offset`, of segment `number` or, if that is 0, of any; nullopt if there is
  // none. kIo if reading fails.
  base::Result<std::optional<FrameView>> frame(StoreId store, SegmentNumber number,
                                               uint64_t offset);
  // The first page; shorter only if the file is.
  base::Result<std::string_view> first_page();
  // The next call reads from the file again.
  void forget() { window_bytes_ = 0; }

 private:
  // `wanted` bytes at `offset`, or as many as the segment has there.
  base::Result<std::string_view> view(uint64_t offset, uint64_t wanted);
  base::Status move_window(uint64_t offset, uint64_t wanted);

  io::File& file_;
  uint64_t bytes_;
  std::string window_;
  std::string unpacked_;
  uint64_t window_offset_ = 0;
  uint64_t window_bytes_ = 0;
};

}  // namespace distkv::storage::lsm
