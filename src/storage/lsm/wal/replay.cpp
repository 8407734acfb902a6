#include "storage/lsm/wal/replay.h"

#include <algorithm>

#include "storage/lsm/wal/segment_reader.h"
#include "storage/lsm/wal/slot_survey.h"

namespace distkv::storage::lsm {
namespace {

// Walks the segments in order. Invariant: every commit newer than `flushed` and before `next_` has
// been visited once, in order.
class Replay {
 public:
  using Visit = std::function<base::Status(const LoggedWrite&)>;

  Replay(StoreId store, Sequence flushed, const Visit& visit)
      : store_(store), flushed_(flushed), visit_(visit) {}

  // `after` is the segment that follows, null for the last one.
  base::Status segment(const SurveyedSegment& segment, const SurveyedSegment* after) {
    if (auto status = begin(segment); !status.is_ok()) return status;
    SegmentReader reader(*segment.file, segment.header.bytes);
    uint64_t offset = kLogPageBytes;
    // What lies behind the end that a former life cut is never looked at again.
    while (after == nullptr || next_ < after->header.first.value()) {
      auto frame = read(reader, segment, offset);
      if (!frame.is_ok()) return frame.status();
      if (!*frame) break;
      if (auto status = replay(segment, after, **frame, offset); !status.is_ok()) return status;
      offset = (*frame)->next_offset;
    }
    return after == nullptr ? check_nothing_proven(segment, reader, offset)
                            : check_reaches(segment, *after, offset);
  }

  Sequence last() const { return std::max(flushed_, Sequence{next_ - 1}); }
  uint64_t commits() const { return commits_; }
  bool was_closed() const { return was_closed_; }

 private:
  base::Status damaged(const SurveyedSegment& segment, uint64_t offset,
                       const std::string& what) const {
    return {base::Code::kCorrupt, segment.path + " at offset " + std::to_string(offset) + ": " +
                                      what + "; the last good commit is " +
                                      std::to_string(next_ - 1)};
  }

  // Commits from next_ up to before `first` are not in the log: are they in no table either?
  bool is_lost_before(Sequence first) const {
    return next_ < first.value() && first.value() > flushed_.value() + 1;
  }

  base::Status begin(const SurveyedSegment& segment) {
    const Sequence first = segment.header.first;
    if (is_lost_before(first)) {
      return damaged(segment, 0,
                     "starts at commit " + std::to_string(first.value()) +
                         ", and what comes before is missing");
    }
    next_ = first.value();
    was_closed_ = false;
    return {};
  }

  // Reads twice before it believes that there is none: a bit that flipped on its way from the disk
  // must not end the log.
  base::Result<std::optional<FrameView>> read(SegmentReader& reader, const SurveyedSegment& segment,
                                              uint64_t offset) const {
    auto frame = reader.frame(store_, segment.header.number, offset);
    if (!frame.is_ok() || *frame) return frame;
    reader.forget();
    return reader.frame(store_, segment.header.number, offset);
  }

  base::Status replay(const SurveyedSegment& segment, const SurveyedSegment* after,
                      const FrameView& frame, uint64_t offset) {
    const FrameHeader& header = frame.header;
    const uint64_t end = next_ + header.commits;
    if (header.first.value() != next_ || (after != nullptr && end > after->header.first.value())) {
      return damaged(segment, offset, "the frame holds commits of another place");
    }
    const auto status =
        decode_commits(frame.payload, header.first, header.commits, flushed_, visit_);
    if (!status.is_ok()) {
      return status.code() == base::Code::kCorrupt ? damaged(segment, offset, status.message())
                                                   : status;
    }
    const uint64_t skipped = std::clamp(flushed_.value() + 1, next_, end) - next_;
    commits_ += header.commits - skipped;
    next_ = end;
    was_closed_ = header.is_closing;
    return {};
  }

  // A next segment begins only when this one is on disk as far as that one continues it.
  base::Status check_reaches(const SurveyedSegment& segment, const SurveyedSegment& after,
                             uint64_t offset) const {
    if (!is_lost_before(after.header.first)) return {};
    return damaged(segment, offset,
                   "a frame is damaged or missing, and a later segment proves "
                   "that there was one");
  }

  // A later frame that was written when commit next_ was already on disk.
  base::Status check_nothing_proven(const SurveyedSegment& segment, SegmentReader& reader,
                                    uint64_t end) const {
    for (uint64_t offset = end; offset < segment.header.bytes; offset += kLogPageBytes) {
      auto frame = reader.frame(store_, segment.header.number, offset);
      if (!frame.is_ok()) return frame.status();
      if (*frame && (*frame)->header.synced_to.value() >= next_) {
        return damaged(segment, end,
                       "a frame is damaged or missing, and the frame at offset " +
                           std::to_string(offset) + " proves that there was one");
      }
    }
    return {};
  }

  const StoreId store_;
  const Sequence flushed_;
  const Visit& visit_;
  uint64_t next_ = 1;  // The commit that comes next.
  uint64_t commits_ = 0;
  bool was_closed_ = false;
};

}  // namespace

base::Result<LogTail> replay_log(io::FileSystem& files, const LogOptions& options,
                                 SegmentNumber floor, Sequence flushed,
                                 const std::function<base::Status(const LoggedWrite&)>& visit) {
  auto survey = survey_slots(files, options, floor);
  if (!survey.is_ok()) return survey.status();
  const auto& segments = survey->segments;
  Replay replay(options.store, flushed, visit);
  for (size_t index = 0; index < segments.size(); ++index) {
    const auto* after = index + 1 < segments.size() ? &segments[index + 1] : nullptr;
    if (auto status = replay.segment(segments[index], after); !status.is_ok()) return status;
  }
  // What was read may so far be in the system's memory only, left by a killed process; what
  // the next life builds on it must find it on disk.
  if (!segments.empty()) {
    if (auto status = segments.back().file->sync(); !status.is_ok()) return status;
  }
  LogTail tail;
  tail.segments = std::move(survey->slots);
  tail.next_segment =
      std::max({SegmentNumber{survey->newest.value() + 1}, floor, SegmentNumber{1}});
  tail.last = replay.last();
  tail.commits = replay.commits();
  tail.was_closed = replay.was_closed();
  return tail;
}

}  // namespace distkv::storage::lsm
