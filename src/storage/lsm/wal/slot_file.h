// The files segments live in: log-00, log-01, ... in the store's directory. A file is made whole
// under another name and then renamed, so a slot that exists has its full size, is filled with
// zeros and begins with a header; it keeps its name for good. Thread rule: any thread, one at a
// time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/io/file_system.h"
#include "storage/lsm/wal/log.h"

namespace distkv::storage::lsm {

// Names have two digits.
inline constexpr size_t kLogSlotsMax = 100;

std::string log_slot_name(size_t index);
bool is_log_slot_name(std::string_view name);
std::string log_path(const LogOptions& options, const std::string& name);

// Makes (or replaces) a slot of options.segment_bytes, durably. After a failure nothing is left of
// the attempt but perhaps an unused slot of the right size. kNoSpace, kIo.
base::Result<std::unique_ptr<io::File>> make_log_slot(io::FileSystem& files,
                                                      const LogOptions& options,
                                                      const std::string& name);
// Removes what an interrupted make_log_slot left.
base::Status remove_unfinished_slot(io::FileSystem& files, const LogOptions& options);

}  // namespace distkv::storage::lsm
