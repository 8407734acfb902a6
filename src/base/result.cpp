#include "base/result.h"

namespace distkv::base {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kInvalidArgument:
      return "invalid argument";
    case Code::kTooLarge:
      return "too large";
    case Code::kTooManySiblings:
      return "too many siblings";
    case Code::kRejected:
      return "rejected";
    case Code::kUnknownOutcome:
      return "outcome unknown";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kOverloaded:
      return "overloaded";
    case Code::kStaleLayout:
      return "stale layout";
    case Code::kWrongCluster:
      return "wrong cluster";
    case Code::kCorrupt:
      return "corrupt";
    case Code::kIo:
      return "input/output error";
    case Code::kNoSpace:
      return "no space";
    case Code::kShuttingDown:
      return "shutting down";
    case Code::kTimedOut:
      return "timed out";
    case Code::kLost:
      return "connection lost";
    case Code::kBehind:
      return "behind";
  }
  return "unrecognised code";
}

bool is_retry_safe(Code code) {
  switch (code) {
    case Code::kRejected:
    case Code::kUnavailable:
    case Code::kOverloaded:
    case Code::kStaleLayout:
    case Code::kShuttingDown:
    case Code::kBehind:
      return true;
    default:
      return false;
  }
}

std::string Status::to_string() const {
  std::string text(name_of(code_));
  if (!message_.empty()) text.append(": ").append(message_);
  return text;
}

}  // namespace distkv::base
