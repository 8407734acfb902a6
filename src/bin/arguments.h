// Command lines as the scripts of other stores' users write them, made into the one form that the
// parser takes: "--name=value". Accepts -name and --name, "=value" or a value after a blank,
// booleans with or without "=true", flags before or after the command.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace distkv::bin {

struct FlagName {
  std::string_view name;
  bool is_boolean = false;
};

// The arguments after the program's name, every known flag as "--name=value". "--" ends the flags;
// a lone "-" and negative numbers are no flags. kInvalidArgument for a flag without its value;
// unknown flags are left as they are, for the parser to name.
base::Result<std::vector<std::string>> normalise(const std::vector<std::string>& arguments,
                                                 const std::vector<FlagName>& flags);

// Durations as Go writes them: "5s", "100ms", "1m30s", "1.5h". Units ns, us, ms, s, m, h.
base::Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

// Sizes: "64MiB", "64M", "1GiB", "512KiB" or plain bytes; K, M and G are powers of 1024.
base::Result<uint64_t> parse_bytes(std::string_view text);

// "a,b,c" without empty parts.
std::vector<std::string> split_list(std::string_view text);

// The name in `names` that `wrong` most likely meant; empty if none is near.
std::string_view nearest(std::string_view wrong, const std::vector<FlagName>& names);

}  // namespace distkv::bin
