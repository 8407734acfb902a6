// The flags of distkv-client: read, checked, and turned into an Invocation.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bin/cli/call.h"

namespace distkv::bin::cli {

// The arguments after the program's name; flags may stand anywhere. kInvalidArgument names the flag
// and what is allowed. Words are not judged here.
base::Result<Invocation> parse_client(const std::vector<std::string>& arguments);

// The flags for a help text, a line each.
std::string flag_lines();

}  // namespace distkv::bin::cli
