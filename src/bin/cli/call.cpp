#include "bin/cli/call.h"

#include <algorithm>
#include <ostream>

namespace distkv::bin::cli {

int complain(Console& console, std::string_view message) {
  std::string line(message);
  std::replace(line.begin(), line.end(), '\n', ' ');
  console.err << "Error: " << line << "\n";
  return kExitError;
}

std::string shown(std::string_view key) {
  constexpr size_t kShownBytesMax = 100;  // A line of a terminal.
  if (key.size() <= kShownBytesMax) return "'" + std::string(key) + "'";
  return "'" + std::string(key.substr(0, kShownBytesMax)) + "...'";
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
    case ErrorKind::kRejected:
      break;
  }
  return "rejected";
}

PutOptions put_options(const Call& call) {
  PutOptions options;
  options.consistency = call.invocation.consistency;
  options.context = call.invocation.context;
  options.ttl = call.invocation.ttl;
  return options;
}

GetOptions get_options(const Call& call) {
  return {call.invocation.consistency, call.invocation.wants_siblings};
}

}  // namespace distkv::bin::cli
