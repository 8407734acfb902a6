// What the log thread does at one go: begin a segment if need be, write a frame, sync. Plain values
// that the owner fills in and reads back; between run and done only the log thread touches them.
//
// Order, which all of replay rests on: the segment before is synced, then the new one's header is
// written and synced, then the frame is written. So a segment's header proves that all before it
// was on disk, and no frame stands in a segment without a header.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/wal/format.h"

namespace distkv::storage::lsm {

struct FrameJob {
  StoreId store;
  std::shared_ptr<io::File> file;
  std::shared_ptr<io::File> before;  // Has unsynced frames and ends here; or null.
  std::optional<SegmentHeader> new_segment;
  std::optional<FrameHeader> frame;  // None: sync only.
  uint64_t offset = 0;               // Of the frame.
  std::string bytes;                 // The frame, unsealed, with room for its header.
  bool is_packing = false;           // Try to pack it.
  std::string packed;                // A buffer for what it may be packed into.
  bool is_sync = false;

  // What came of it.
  base::Status status;
  uint64_t syncs = 0;
  uint64_t bytes_written = 0;
  uint64_t frame_bytes = 0;  // That the frame takes, padding included.

  void run();

 private:
  base::Status begin_segment();
  base::Status write(uint64_t at, const std::string& what);
  base::Status sync(io::File& which);
};

}  // namespace distkv::storage::lsm
