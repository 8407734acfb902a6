// JSON as text (RFC 8259), for what distkv-client prints. Keys and values of the store are any
// bytes, JSON strings are not: what is no UTF-8 goes under another name, in base64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace distkv::bin::cli {

// Well-formed UTF-8: no surrogates, nothing longer than need be, nothing beyond U+10FFFF.
bool is_utf8(std::string_view bytes);
// A JSON string. `text` must be UTF-8.
std::string json_string(std::string_view text);
// An array of what is JSON already.
std::string json_array(const std::vector<std::string>& elements);
std::string json_strings(const std::vector<std::string>& texts);

// One object; members stand in the order they are added.
class JsonObject {
 public:
  // Any bytes: as `name`, or in base64 as `name`_base64 where they are no UTF-8.
  JsonObject& bytes(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, uint64_t value);
  // 64-bit identities, which readers that keep numbers as doubles would round.
  JsonObject& identity(std::string_view name, uint64_t value);
  JsonObject& boolean(std::string_view name, bool value);
  // What is JSON already.
  JsonObject& json(std::string_view name, std::string_view value);
  std::string text() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

}  // namespace distkv::bin::cli
