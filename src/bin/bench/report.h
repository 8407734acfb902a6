// The findings of a run as text for people or JSON for programs. Pure.
#pragma once

#include <string>

#include "bin/bench/load.h"
#include "bin/bench/options.h"

namespace distkv::bin::bench {

// Aligned columns, several lines.
std::string as_text(const Options& options, const Findings& findings);
// One object on one line, ended by a newline. Latencies are in microseconds.
std::string as_json(const Options& options, const Findings& findings);

}  // namespace distkv::bin::bench
