// XXH3, the one hash of distkv: fast, well mixed, and the same on every machine. Not for secrets.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/types.h"

namespace distkv::base {

uint64_t hash64(std::string_view bytes, uint64_t seed = 0);
Id128 hash128(std::string_view bytes);

}  // namespace distkv::base
