#include "ring/token.h"

#include <array>

#include "base/hash.h"

namespace distkv::ring {
namespace {

constexpr uint16_t kCrcPolynomial = 0x1021;  // CCITT; with start value 0 this is CRC16/XMODEM.
constexpr int kSlotBits = 14;                // log2(kSlotCount).
static_assert(kSlotCount == 1u << kSlotBits);

constexpr std::array<uint16_t, 256> make_crc_table() {
  std::array<uint16_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000) != 0 ? (crc << 1) ^ kCrcPolynomial : crc << 1;
    }
    table[byte] = static_cast<uint16_t>(crc);
  }
  return table;
}

constexpr std::array<uint16_t, 256> kCrcTable = make_crc_table();

}  // namespace

uint16_t crc16(std::string_view bytes) {
  uint16_t crc = 0;
  for (const char byte : bytes) {
    const auto index = static_cast<uint8_t>((crc >> 8) ^ static_cast<uint8_t>(byte));
    crc = static_cast<uint16_t>((crc << 8) ^ kCrcTable[index]);
  }
  return crc;
}

std::string_view tag_of(std::string_view key) {
  const size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const size_t close = key.find('}', open + 1);
  const bool is_empty = close == open + 1;
  if (close == std::string_view::npos || is_empty) return key;
  return key.substr(open + 1, close - open - 1);
}

uint32_t slot_of(std::string_view key) { return crc16(tag_of(key)) % kSlotCount; }

base::Token token_of(std::string_view key) {
  const std::string_view tag = tag_of(key);
  const uint64_t slot = crc16(tag) % kSlotCount;
  return base::Token{slot << (64 - kSlotBits) | base::hash64(tag) >> kSlotBits};
}

}  // namespace distkv::ring
