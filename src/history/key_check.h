// The check of one key: a sweep through its operations in order of time. Part of check.h.
#pragma once

#include <cstddef>
#include <map>
#include <string_view>
#include <vector>

#include "history/check.h"

namespace distkv::history {

// The place of the put of each value, over all keys. Views the history.
using Writers = std::map<std::string_view, size_t>;

// Judges the operations of one key, given by their `places` in the order of the history, and adds
// what is wrong to `verdict`.
void check_key(const History& history, const std::vector<size_t>& places, const Writers& writers,
               const Promises& promises, Verdict& verdict);

}  // namespace distkv::history
