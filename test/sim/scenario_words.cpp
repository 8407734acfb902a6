#include "sim/scenario_words.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace distkv::sim {

Words words_of(std::string_view line) {
  Words words;
  for (size_t begin = 0; begin < line.size();) {
    begin = line.find_first_not_of(" \t\r", begin);
    if (begin == std::string_view::npos || line[begin] == '#') break;
    const size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.emplace_back(line.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

Words split(std::string_view text, char separator) {
  Words parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<uint64_t> number_of(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<base::Duration> time_of(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = number_of(text.substr(0, digits));
  const std::map<std::string_view, base::Duration> units = {{"ms", std::chrono::milliseconds(1)},
                                                            {"s", std::chrono::seconds(1)},
                                                            {"m", std::chrono::minutes(1)},
                                                            {"h", std::chrono::hours(1)},
                                                            {"d", std::chrono::hours(24)}};
  const auto unit = units.find(text.substr(digits));
  constexpr uint64_t kNumberMax = 100'000;
  if (!number || *number > kNumberMax || unit == units.end()) return std::nullopt;
  return unit->second * static_cast<int64_t>(*number) * (is_negative ? -1 : 1);
}

}  // namespace distkv::sim
