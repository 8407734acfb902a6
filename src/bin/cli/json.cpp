#include "bin/cli/json.h"

#include <cstdio>

#include "bin/cli/base64.h"

namespace distkv::bin::cli {

namespace {

struct Sequence {
  size_t size = 0;  // Zero: no character starts so.
  uint32_t least = 0;
  uint32_t bits = 0;
};

// What the first byte of a character tells of it.
Sequence sequence_of(unsigned char first) {
  if (first < 0x80) return {1, 0, first};
  if (first >> 5 == 0x06) return {2, 0x80, first & 0x1fU};
  if (first >> 4 == 0x0e) return {3, 0x800, first & 0x0fU};
  if (first >> 3 == 0x1e) return {4, 0x10000, first & 0x07U};
  return {};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text.push_back(',');
    text.append(part);
  }
  return text;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const Sequence sequence = sequence_of(static_cast<unsigned char>(bytes[0]));
    if (sequence.size == 0 || sequence.size > bytes.size()) return false;
    uint32_t code = sequence.bits;
    for (size_t i = 1; i < sequence.size; ++i) {
      const auto next = static_cast<unsigned char>(bytes[i]);
      if (next >> 6 != 0x02) return false;
      code = code << 6 | (next & 0x3fU);
    }
    const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < sequence.least || code > 0x10ffff || is_surrogate) return false;
    bytes.remove_prefix(sequence.size);
  }
  return true;
}

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.append({'\\', c});
    } else if (c == '\n') {
      quoted.append("\\n");
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      quoted.append(escape);
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "\"";
}

std::string json_array(const std::vector<std::string>& elements) {
  return "[" + joined(elements) + "]";
}

std::string json_strings(const std::vector<std::string>& texts) {
  std::vector<std::string> elements;
  for (const std::string& text : texts) elements.push_back(json_string(text));
  return json_array(elements);
}

JsonObject& JsonObject::json(std::string_view name, std::string_view value) {
  if (!members_.empty()) members_.push_back(',');
  members_.append(json_string(name)).append(":").append(value);
  return *this;
}

JsonObject& JsonObject::bytes(std::string_view name, std::string_view value) {
  if (is_utf8(value)) return json(name, json_string(value));
  return json(std::string(name) + "_base64", json_string(base64(value)));
}

JsonObject& JsonObject::number(std::string_view name, uint64_t value) {
  return json(name, std::to_string(value));
}

JsonObject& JsonObject::identity(std::string_view name, uint64_t value) {
  return json(name, json_string(std::to_string(value)));
}

JsonObject& JsonObject::boolean(std::string_view name, bool value) {
  return json(name, value ? "true" : "false");
}

}  // namespace distkv::bin::cli
