// A text file as keys: each line that is not empty is one, and its value the number of the last
// line with that text, counted from 1. What `load` stores and `verify` expects.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "distkv/client.h"

namespace distkv::bin::cli {

// Keys on the way in one call of the client: enough to fill its pipeline many times over, and few
// enough that progress shows.
inline constexpr size_t kChunkKeys = 4096;

// Each key once, in the order of first lines. kTooLarge names a line over the limit of keys.
base::Result<std::vector<Client::KeyValue>> keys_of_lines(std::string_view text);
// Reads the file and does the same. kIo if it cannot be read.
base::Result<std::vector<Client::KeyValue>> keys_of_file(const std::string& path);

}  // namespace distkv::bin::cli
