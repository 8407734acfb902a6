// What a check found, as text for people, as JSON for scripts, and its whole history as lines of
// JSON. Pure functions.
#pragma once

#include <ostream>
#include <string>

#include "bin/check/run.h"

namespace distkv::bin::check {

// Violations told in full; the counts tell of the others.
inline constexpr size_t kViolationsShown = 10;

std::string as_text(const Options& options, const Report& report);
// One object.
std::string as_json(const Options& options, const Report& report);

// An object a line, in order of invocation: client, op, key, consistency, began and ended (seconds
// of the machine's monotonic clock), outcome, node, and value, context_of (the number of the line
// whose context was passed, from 0), values and siblings where they apply.
void write_history(std::ostream& out, const history::History& history);

}  // namespace distkv::bin::check
