#include "base/codec.h"

namespace distkv::base {

void Writer::id128(const Id128& value) {
  u64(value.high);
  u64(value.low);
}

void Writer::varint(uint64_t value) {
  while (value >= 0x80) {
    u8(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  u8(static_cast<uint8_t>(value));
}

void Writer::bytes(std::string_view bytes) {
  varint(bytes.size());
  raw(bytes);
}

Id128 Reader::id128() {
  const uint64_t high = u64();
  return {high, u64()};
}

uint64_t Reader::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = u8();
    if (has_failed_) return 0;
    const uint64_t bits = byte & 0x7f;
    // The tenth byte has room for one bit only.
    if (shift == 63 && bits > 1) break;
    value |= bits << shift;
    if (byte < 0x80) {
      if (bits == 0 && shift > 0) break;
      return value;
    }
  }
  fail();
  return 0;
}

std::string_view Reader::raw(uint64_t size) {
  if (has_failed_ || size > in_.size()) {
    fail();
    return {};
  }
  const std::string_view read = in_.substr(0, size);
  in_.remove_prefix(size);
  return read;
}

std::string_view Reader::bytes(uint64_t size_max) { return raw(count(size_max)); }

uint64_t Reader::count(uint64_t max) {
  const uint64_t value = varint();
  if (value > max) fail();
  return has_failed_ ? 0 : value;
}

}  // namespace distkv::base
