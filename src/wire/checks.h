// The rules of single fields, judged after a body is known to be sound. Collects the first broken
// rule, so that a message is read straight through and asked once at the end, as base::Reader is.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/types.h"

namespace distkv::wire {

class Checks {
 public:
  // Each returns what it was given, to be believed only if status() is ok. `field` names it.

  std::string_view key(std::string_view bytes);                         // 1 to kKeyBytesMax.
  std::string_view value(std::string_view bytes);                       // To kValueBytesMax.
  std::string_view node_id(std::string_view text, const char* field);   // 1 to 64, printable.
  std::string_view endpoint(std::string_view text, const char* field);  // 1 to 262, printable.
  std::string_view cluster_name(std::string_view text);                 // 0 to 64, printable.
  std::string_view optional_node_id(std::string_view text, const char* field);
  std::string_view optional_endpoint(std::string_view text, const char* field);
  std::string_view bytes(std::string_view bytes, size_t size_max, const char* field);

  base::Code code(uint8_t number);
  base::Persistence persistence(uint8_t number);
  std::chrono::milliseconds timeout(uint32_t milliseconds);
  std::chrono::milliseconds ttl(uint64_t milliseconds);
  std::chrono::milliseconds age(uint64_t milliseconds, const char* field);
  base::WallTime wall_time(uint64_t milliseconds, const char* field);
  // An enumeration whose values are `first` to `last` without gaps.
  template <typename Enum>
  Enum enumeration(uint8_t number, Enum first, Enum last, const char* field) {
    require(number >= static_cast<uint8_t>(first) && number <= static_cast<uint8_t>(last), field,
            "has no such value");
    return static_cast<Enum>(number);
  }
  // A count to be known before looping on it; zero if it is over the limit.
  size_t count(size_t count, size_t count_max, const char* field);

  // Any other rule: `rule` completes a sentence that starts with the field's name.
  void require(bool holds, const char* field, const char* rule) {
    if (!holds) fail(base::Code::kInvalidArgument, field, rule);
  }
  bool has_failed() const { return !status_.is_ok(); }
  const base::Status& status() const { return status_; }

 private:
  void fail(base::Code code, const char* field, const char* rule);

  base::Status status_;
};

}  // namespace distkv::wire
