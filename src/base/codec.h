// Bytes out, bytes in: little-endian fixed integers, LEB128 varints, length-prefixed strings. The
// canonical forms that are hashed or stored (records, contexts, layouts) are written with these.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/types.h"

namespace distkv::base {

// Appends to a string it does not own; the string must outlive it.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void u8(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u16(uint16_t value) { fixed(value); }
  void u32(uint32_t value) { fixed(value); }
  void u64(uint64_t value) { fixed(value); }
  void id128(const Id128& value);
  // 1 to 10 bytes, seven bits each, low bits first.
  void varint(uint64_t value);
  void raw(std::string_view bytes) { out_.append(bytes); }
  // A varint length, then the bytes.
  void bytes(std::string_view bytes);

 private:
  // Its width known here, the loop becomes one store.
  template <typename Integer>
  void fixed(Integer value) {
    char buffer[sizeof value];
    for (size_t i = 0; i < sizeof value; ++i) buffer[i] = static_cast<char>(value >> (8 * i));
    out_.append(buffer, sizeof value);
  }
  std::string& out_;
};

// Reads what Writer wrote, from a view it does not own. Never reads past the end: the first
// impossible read makes it fail for good, every later read returns zero or empty, and the caller
// asks has_failed() once, before believing anything.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  uint8_t u8() { return fixed<uint8_t>(); }
  uint16_t u16() { return fixed<uint16_t>(); }
  uint32_t u32() { return fixed<uint32_t>(); }
  uint64_t u64() { return fixed<uint64_t>(); }
  Id128 id128();
  // Fails on more than 10 bytes and on a longer form than needed, so every value has one encoding.
  uint64_t varint();
  std::string_view raw(uint64_t size);
  // A length-prefixed string of at most `size_max` bytes; a view into the input.
  std::string_view bytes(uint64_t size_max);
  // A varint that must be at most `max`: the way to read a count before looping on it.
  uint64_t count(uint64_t max);
  // The caller's own judgement that what it read makes no sense.
  void fail() { has_failed_ = true; }

  size_t remaining() const { return in_.size(); }
  bool has_failed() const { return has_failed_; }
  // True if everything was read and nothing failed.
  bool is_complete() const { return !has_failed_ && in_.empty(); }

 private:
  // As the writer's: one load.
  template <typename Integer>
  Integer fixed() {
    const std::string_view source = raw(sizeof(Integer));
    if (has_failed_) return 0;
    Integer value = 0;
    for (size_t i = 0; i < sizeof value; ++i) {
      value |= static_cast<Integer>(Integer{static_cast<uint8_t>(source[i])} << (8 * i));
    }
    return value;
  }
  std::string_view in_;
  bool has_failed_ = false;
};

}  // namespace distkv::base
