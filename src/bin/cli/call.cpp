#include "bin/cli/call.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>

#include "bin/cli/json.h"

namespace distkv::bin::cli {

int complain(Console& console, std::string_view message) {
  std::string line(message);
  std::replace(line.begin(), line.end(), '\n', ' ');
  console.err << "Error: " << line << "\n";
  return kExitError;
}

// A key must not move the cursor, nor pass for another line of what is printed.
static std::string printable(std::string_view bytes) {
  const bool is_text = is_utf8(bytes);
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f && (byte < 0x80 || is_text)) {
      text.push_back(c);
      continue;
    }
    std::array<char, 5> escape{};
    std::snprintf(escape.data(), escape.size(), "\\x%02x", byte);
    text.append(escape.data());
  }
  return text;
}

std::string shown(std::string_view key) { return shown(key, key.size()); }

std::string shown(std::string_view prefix, uint64_t size) {
  constexpr size_t kShownBytesMax = 100;  // A line of a terminal.
  const std::string_view cut = prefix.substr(0, kShownBytesMax);
  return "'" + printable(cut) + (cut.size() == size ? "'" : "...'");
}

std::string_view outcome_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNone:
      return "stored";
    case ErrorKind::kInvalid:
      return "invalid";
    case ErrorKind::kUnknown:
      return "unknown";
    case ErrorKind::kUnreachable:
      return "unreachable";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kBehind:
      return "behind";
    case ErrorKind::kRejected:
      break;
  }
  return "rejected";
}

void add_retry(JsonObject& object, const Error& error) {
  const auto milliseconds = static_cast<uint64_t>(error.retry_after.count());
  if (milliseconds > 0) object.number("retry_after_ms", milliseconds);
}

PutOptions put_options(const Call& call) {
  PutOptions options;
  options.consistency = call.invocation.consistency;
  options.context = call.invocation.context;
  options.ttl = call.invocation.ttl;
  options.wants_trace = call.invocation.wants_trace;
  options.session = call.session;
  return options;
}

GetOptions get_options(const Call& call) {
  return {call.invocation.consistency, call.invocation.wants_siblings, call.invocation.wants_trace,
          call.session};
}

}  // namespace distkv::bin::cli
