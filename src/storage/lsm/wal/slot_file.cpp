#include "storage/lsm/wal/slot_file.h"

#include <algorithm>

#include "base/check.h"
#include "storage/io/whole.h"
#include "storage/lsm/wal/format.h"

namespace distkv::storage::lsm {
namespace {

constexpr std::string_view kSlotPrefix = "log-";
constexpr const char* kUnfinishedName = "new-log";
// Enough to keep the disk streaming, little enough to stay in the processor's cache.
constexpr uint64_t kFillBytes = 1 << 20;

bool is_digit(char character) { return character >= '0' && character <= '9'; }

base::Status fill(io::File& file, const LogOptions& options) {
  const std::string zeros(std::min(kFillBytes, options.segment_bytes), '\0');
  for (uint64_t offset = 0; offset < options.segment_bytes; offset += zeros.size()) {
    const uint64_t bytes = std::min<uint64_t>(zeros.size(), options.segment_bytes - offset);
    const auto status = io::write_fully(
        file, offset, std::string_view(zeros).substr(0, static_cast<size_t>(bytes)));
    if (!status.is_ok()) return status;
    file.start_write_out(offset, bytes);
  }
  const SegmentHeader unused = {.store = options.store, .bytes = options.segment_bytes};
  if (auto status = io::write_fully(file, 0, encode_segment_header(unused)); !status.is_ok()) {
    return status;
  }
  return file.sync();
}

base::Status make_unfinished(io::FileSystem& files, const LogOptions& options) {
  if (auto status = remove_unfinished_slot(files, options); !status.is_ok()) return status;
  auto file = files.open(log_path(options, kUnfinishedName), io::Access::kCreate);
  return file.is_ok() ? fill(**file, options) : file.status();
}

}  // namespace

std::string log_slot_name(size_t index) {
  DISTKV_CHECK(index < kLogSlotsMax);
  const std::string digits = std::to_string(index);
  return std::string(kSlotPrefix) + (digits.size() < 2 ? "0" : "") + digits;
}

bool is_log_slot_name(std::string_view name) {
  return name.size() == kSlotPrefix.size() + 2 && name.starts_with(kSlotPrefix) &&
         is_digit(name[name.size() - 2]) && is_digit(name.back());
}

std::string log_path(const LogOptions& options, const std::string& name) {
  return options.directory + "/" + name;
}

base::Result<std::unique_ptr<io::File>> make_log_slot(io::FileSystem& files,
                                                      const LogOptions& options,
                                                      const std::string& name) {
  if (auto status = make_unfinished(files, options); !status.is_ok()) {
    // The space it took is wanted back; a failure here is met again by the next attempt.
    static_cast<void>(remove_unfinished_slot(files, options));
    return status;
  }
  const std::string path = log_path(options, name);
  auto status = files.rename(log_path(options, kUnfinishedName), path);
  if (!status.is_ok()) return status;
  status = files.sync_directory(options.directory);
  if (!status.is_ok()) return status;
  return files.open(path, io::Access::kReadWrite);
}

base::Status remove_unfinished_slot(io::FileSystem& files, const LogOptions& options) {
  const std::string path = log_path(options, kUnfinishedName);
  auto exists = files.exists(path);
  if (!exists.is_ok()) return exists.status();
  return *exists ? files.remove(path) : base::Status::ok();
}

}  // namespace distkv::storage::lsm
