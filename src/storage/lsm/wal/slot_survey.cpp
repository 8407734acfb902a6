#include "storage/lsm/wal/slot_survey.h"

#include <algorithm>

#include "storage/lsm/wal/segment_reader.h"
#include "storage/lsm/wal/slot_file.h"

namespace distkv::storage::lsm {
namespace {

base::Status corrupt(const std::string& path, const std::string& what) {
  return {base::Code::kCorrupt, path + ": " + what};
}

std::string text_of(SegmentNumber number) { return std::to_string(number.value()); }

class Surveyor {
 public:
  Surveyor(io::FileSystem& files, const LogOptions& options, SegmentNumber floor)
      : files_(files), options_(options), floor_(floor) {}

  base::Result<Survey> run() {
    auto names = files_.list(options_.directory);
    if (!names.is_ok()) return names.status();
    for (const std::string& name : *names) {
      if (!is_log_slot_name(name)) continue;
      if (auto status = add(name); !status.is_ok()) return status;
    }
    if (auto status = check_order(); !status.is_ok()) return status;
    return std::move(survey_);
  }

 private:
  base::Status add(const std::string& name) {
    // Slots are made in order of their names and never removed.
    const std::string expected = log_slot_name(survey_.slots.size());
    if (name != expected) return corrupt(log_path(options_, expected), "the file is missing");
    survey_.slots.push_back({name, SegmentNumber{}});
    const std::string path = log_path(options_, name);
    auto file = files_.open(path, io::Access::kReadWrite);
    if (!file.is_ok()) return file.status();
    auto bytes = (*file)->size();
    if (!bytes.is_ok()) return bytes.status();
    // A slot gets its name only when it is whole, and never shrinks.
    if (*bytes < kLogPageBytes) return corrupt(path, "too short for a segment");
    SegmentReader reader(**file, *bytes);
    auto page = reader.first_page();
    if (!page.is_ok()) return page.status();
    const auto header = decode_segment_header(*page);
    if (!header) return check_unreadable(path, reader, *bytes);
    return add_segment({path, std::move(*file), *header}, *bytes);
  }

  base::Status add_segment(SurveyedSegment segment, uint64_t file_bytes) {
    const SegmentHeader& header = segment.header;
    if (header.store != options_.store) {
      return corrupt(segment.path, "belongs to another store, " + header.store.value().to_hex());
    }
    survey_.newest = std::max(survey_.newest, header.number);
    if (header.number == SegmentNumber{} || header.number < floor_) return {};
    if (header.bytes > file_bytes) {
      return corrupt(segment.path, "has " + std::to_string(file_bytes) + " bytes of " +
                                       std::to_string(header.bytes) + "; its end is missing");
    }
    survey_.slots.back().number = header.number;
    survey_.segments.push_back(std::move(segment));
    return {};
  }

  // A header is on disk before the first frame that counts on it. So one that cannot be read is
  // either of no consequence or was damaged later, and then the frames behind it tell.
  base::Status check_unreadable(const std::string& path, SegmentReader& reader, uint64_t bytes) {
    for (uint64_t offset = kLogPageBytes; offset < bytes; offset += kLogPageBytes) {
      auto frame = reader.frame(options_.store, SegmentNumber{}, offset);
      if (!frame.is_ok()) return frame.status();
      if (!*frame) continue;
      const SegmentNumber number = (*frame)->header.segment;
      if (number >= floor_) {
        return corrupt(path,
                       "the header of segment " + text_of(number) + " at offset 0 is damaged");
      }
    }
    return {};
  }

  base::Status check_order() {
    auto& segments = survey_.segments;
    std::sort(segments.begin(), segments.end(), [](const auto& left, const auto& right) {
      return left.header.number < right.header.number;
    });
    for (size_t index = 1; index < segments.size(); ++index) {
      const SegmentHeader& before = segments[index - 1].header;
      const SegmentHeader& header = segments[index].header;
      if (header.number.value() != before.number.value() + 1 || header.first < before.first) {
        return corrupt(segments[index].path, "segment " + text_of(header.number) +
                                                 " does not follow segment " +
                                                 text_of(before.number));
      }
    }
    return {};
  }

  io::FileSystem& files_;
  const LogOptions& options_;
  const SegmentNumber floor_;
  Survey survey_;
};

}  // namespace

base::Result<Survey> survey_slots(io::FileSystem& files, const LogOptions& options,
                                  SegmentNumber floor) {
  return Surveyor(files, options, floor).run();
}

}  // namespace distkv::storage::lsm
