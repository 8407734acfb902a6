// Whole reads and writes over a File's partial ones: short counts and interruptions end here.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "storage/io/file_system.h"

namespace distkv::storage::io {

// Fills `into`. kCorrupt, naming path and offset, if the file ends before.
base::Status read_fully(File& file, uint64_t offset, std::span<char> into);
// Writes all of `bytes`. kIo if the system accepts nothing many times in a row.
base::Status write_fully(File& file, uint64_t offset, std::string_view bytes);
// A whole small file (kTooLarge above `bytes_max`).
base::Result<std::string> read_file(FileSystem& files, const std::string& path, size_t bytes_max);
// Makes `path` hold `bytes` atomically and durably: a file beside it, write, sync, rename, sync of
// the directory. A crash leaves the old contents or the new.
base::Status replace_file(FileSystem& files, const std::string& directory, const std::string& name,
                          std::string_view bytes);

}  // namespace distkv::storage::io
