// distkv-client as a function: the arguments after its name in, an exit code out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bin/cli/call.h"

namespace distkv::bin::cli {

// Uses `console` alone and the network. Wrong usage prints the usage to standard error.
int run(const std::vector<std::string>& arguments, std::string_view version, Console& console);

}  // namespace distkv::bin::cli
