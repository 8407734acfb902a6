// Where a key stands on the ring.
//
// A token is 64 bits: the top 14 are CRC16(tag) mod 16384, exactly a Redis Cluster slot, the other
// 50 come from XXH3-64 of the same tag. The tag is what stands between the first `{` and the next
// `}` of the key if that is not empty, else the whole key: keys with one tag share a token.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/types.h"

namespace distkv::ring {

inline constexpr uint32_t kSlotCount = 16384;

// CRC16/XMODEM (polynomial 0x1021, start 0), the checksum Redis Cluster derives slots from.
uint16_t crc16(std::string_view bytes);
// The part of `key` that decides its place; a view into `key`.
std::string_view tag_of(std::string_view key);
// The Redis Cluster slot of `key`, 0 to 16383.
uint32_t slot_of(std::string_view key);
base::Token token_of(std::string_view key);

}  // namespace distkv::ring
