// The words of a scenario's lines: blanks part them, numbers and times are read from them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace distkv::sim {

using Words = std::vector<std::string>;

// Up to a '#'.
Words words_of(std::string_view line);
Words split(std::string_view text, char separator);
// Decimal digits and nothing else; nullopt for anything else.
std::optional<uint64_t> number_of(std::string_view text);
// "+365d", "-2s", "500ms"; units are ms, s, m, h and d.
std::optional<base::Duration> time_of(std::string_view text);

}  // namespace distkv::sim
