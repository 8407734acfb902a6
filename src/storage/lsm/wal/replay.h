// Reading the log back after a restart: every whole frame, in order, once.
//
// A frame that fails its checks ends the log if it can be what a crash leaves behind: nothing valid
// follows that could only have been written after it was durable. Otherwise it is damage: kCorrupt,
// naming file and offset, and the store must not be opened as if nothing were missing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/durability_gate.h"
#include "storage/engine.h"
#include "storage/io/file_system.h"
#include "storage/lsm/ids.h"

namespace distkv::storage::lsm {

struct LogOptions;

// One write as it was logged. Views are valid during the callback.
struct LoggedWrite {
  Sequence sequence;  // Of its commit; a commit's writes follow each other.
  KeyRef key;
  bool is_erased = false;
  EntryView entry;
};

// What replay found, for Log::open and for the engine's report.
struct LogTail {
  struct Segment {
    std::string name;      // File in the directory.
    SegmentNumber number;  // 0: holds nothing that is needed; may be recycled at once.
  };
  std::vector<Segment> segments;  // All that exist, by name.
  SegmentNumber next_segment{1};  // Above every number that was ever used.
  Sequence last;                  // The newest commit found, or `flushed` if none is newer.
  uint64_t commits = 0;           // Replayed, that is newer than `flushed`.
  bool was_closed = false;        // It ends with the frame an orderly close writes.
};

// Replays every commit newer than `flushed` from segments numbered `floor` and up. `visit` may
// refuse (its status ends the replay). An empty directory is an empty log.
base::Result<LogTail> replay_log(io::FileSystem& files, const LogOptions& options,
                                 SegmentNumber floor, Sequence flushed,
                                 const std::function<base::Status(const LoggedWrite&)>& visit);

}  // namespace distkv::storage::lsm
