// What the slots hold, by their headers: the segments that replay must read, in order, and the
// slots that are free. Answers kCorrupt where a needed segment is missing, cut short, of another
// store, or hidden behind a damaged header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/wal/format.h"

namespace distkv::storage::lsm {

struct SurveyedSegment {
  std::string path;
  std::unique_ptr<io::File> file;
  SegmentHeader header;
};

struct Survey {
  std::vector<LogTail::Segment> slots;    // All, by name.
  std::vector<SurveyedSegment> segments;  // Those from the floor up, by number.
  SegmentNumber newest;                   // Of all headers that can be read.
};

base::Result<Survey> survey_slots(io::FileSystem& files, const LogOptions& options,
                                  SegmentNumber floor);

}  // namespace distkv::storage::lsm
