#include "bin/arguments.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <numeric>
#include <optional>

namespace distkv::bin {

using base::Code;
using base::Result;
using base::Status;

namespace {

const FlagName* find(const std::vector<FlagName>& flags, std::string_view name) {
  const auto found = std::find_if(flags.begin(), flags.end(),
                                  [name](const FlagName& flag) { return flag.name == name; });
  return found == flags.end() ? nullptr : &*found;
}

// The name in "-name", "--name", "--name=value"; empty if `argument` is no flag.
std::string_view name_in(std::string_view argument) {
  if (argument.size() < 2 || argument[0] != '-') return {};
  argument.remove_prefix(argument[1] == '-' ? 2 : 1);
  if (argument.empty() || std::isalpha(static_cast<unsigned char>(argument[0])) == 0) return {};
  return argument.substr(0, argument.find('='));
}

std::string flag(std::string_view name, std::string_view value) {
  return "--" + std::string(name) + "=" + std::string(value);
}

std::optional<double> nanoseconds_in(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m") return 60e9;
  if (unit == "h") return 3600e9;
  return std::nullopt;
}

Status no_duration(std::string_view text) {
  return {Code::kInvalidArgument,
          "'" + std::string(text) + "' is no duration; write for instance 5s, 100ms or 1m30s"};
}

}  // namespace

Result<std::vector<std::string>> normalise(const std::vector<std::string>& arguments,
                                           const std::vector<FlagName>& flags) {
  std::vector<std::string> normal;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      normal.insert(normal.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i),
                    arguments.end());
      return normal;
    }
    const std::string_view name = name_in(argument);
    const FlagName* known = name.empty() ? nullptr : find(flags, name);
    const size_t equals = argument.find('=');
    const bool has_next = i + 1 < arguments.size();
    if (known == nullptr) {
      normal.push_back(name.empty() || argument[1] == '-' ? argument : "-" + argument);
    } else if (equals != std::string::npos) {
      normal.push_back(flag(name, std::string_view(argument).substr(equals + 1)));
    } else if (known->is_boolean) {
      normal.push_back(flag(name, "true"));
    } else if (has_next) {
      normal.push_back(flag(name, arguments[++i]));
    } else {
      return Status(Code::kInvalidArgument, "--" + std::string(name) + " needs a value");
    }
  }
  return normal;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const std::string_view whole = text;
  double total = 0;
  if (text.empty()) return no_duration(whole);
  while (!text.empty()) {
    const size_t number_size = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string number(text.substr(0, number_size));
    text.remove_prefix(number_size);
    const size_t unit_size = std::min(text.find_first_of("0123456789."), text.size());
    const auto unit = nanoseconds_in(text.substr(0, unit_size));
    text.remove_prefix(unit_size);
    const bool is_number = std::any_of(number.begin(), number.end(), ::isdigit) &&
                           std::count(number.begin(), number.end(), '.') <= 1;
    if (!is_number || !unit) return no_duration(whole);
    total += std::strtod(number.c_str(), nullptr) * *unit;
  }
  constexpr double kYearNanos = 366.0 * 24 * 3600e9;
  if (total > kYearNanos) return no_duration(whole);
  return std::chrono::nanoseconds(static_cast<int64_t>(total));
}

Result<uint64_t> parse_bytes(std::string_view text) {
  constexpr uint64_t kNumberMax = uint64_t{1} << 32;  // Times the largest unit it still fits.
  uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit = text.substr(static_cast<size_t>(rest - text.data()));
  if (unit.ends_with("iB")) unit.remove_suffix(2);
  const size_t power = unit.empty() ? 0 : std::string_view("KMG").find(unit) + 1;
  const bool is_unit = unit.empty() ? !text.ends_with("iB") : unit.size() == 1 && power > 0;
  if (error != std::errc() || !is_unit || number > kNumberMax) {
    return Status(Code::kInvalidArgument,
                  "'" + std::string(text) + "' is no size; write for instance 64MiB or 1048576");
  }
  return number << (10 * power);
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

namespace {
// Levenshtein's edit distance.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}
}  // namespace

std::string_view nearest(std::string_view wrong, const std::vector<FlagName>& names) {
  constexpr size_t kNear = 4;  // More edits than this and a suggestion only confuses.
  std::string_view best;
  size_t best_distance = kNear;
  for (const FlagName& flag : names) {
    const size_t far = distance(wrong, flag.name);
    if (far < best_distance) {
      best = flag.name;
      best_distance = far;
    }
  }
  return best;
}

}  // namespace distkv::bin
