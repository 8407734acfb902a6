// The answer of anything that can fail: a code that says what a caller may do next, and a sentence
// that says what happened, where, and what to do. No exception crosses a function of distkv.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace distkv::base {

// The numbers travel in frames (PROTOCOL.md): never reuse one.
enum class Code : uint8_t {
  kOk = 0,
  kInvalidArgument = 1,  // The request itself is wrong; the same request fails again.
  kTooLarge = 2,         // A key, value or frame is over its limit.
  kTooManySiblings = 3,  // The key holds the most siblings a key may; resolve it with a context.
  kRejected = 4,         // Refused before any replica stored it: visible nowhere, ever. Retry safe.
  kUnknownOutcome = 5,   // Some replica may hold it now or later. Retry only with the same op id.
  kUnavailable = 6,      // A read, or a cluster that is not formed: too few replicas. Retry safe.
  kOverloaded = 7,       // A bounded queue is full; nothing was stored. Retry later.
  kStaleLayout = 8,      // The request was made under a layout that no longer owns the partition.
  kWrongCluster = 9,     // The peer belongs to another cluster.
  kCorrupt = 10,         // Bytes from disk or net fail their checks.
  kIo = 11,              // The operating system refused; the message carries its reason.
  kNoSpace = 12,         // The disk is full.
  kShuttingDown = 13,    // The node is stopping; ask another.
  kTimedOut = 14,        // No answer by the deadline.
  kLost = 15,            // The connection broke before the answer.
  kBehind = 16,          // A read: no replica that answered has seen what it had to. Retry safe.
};

// The code's name in messages and logs, e.g. "rejected".
std::string_view name_of(Code code);

// True if repeating the very same request cannot store anything twice.
bool is_retry_safe(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status ok() { return {}; }
  bool is_ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // "rejected: 1 of 3 replicas is up, 2 are needed"; "ok" when it is.
  std::string to_string() const;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

// Either a T or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT: implicit, so `return value;` reads well
  Result(Status status) : status_(std::move(status)) {  // NOLINT: likewise `return status;`
    DISTKV_CHECK(!status_.is_ok());
  }

  bool is_ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  Code code() const { return status_.code(); }

  T& operator*() & {
    DISTKV_CHECK(value_.has_value());
    return *value_;
  }
  T&& operator*() && {
    DISTKV_CHECK(value_.has_value());
    return std::move(*value_);
  }
  const T& operator*() const& {
    DISTKV_CHECK(value_.has_value());
    return *value_;
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace distkv::base
