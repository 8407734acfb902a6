// LZ4, the one compression of the store: quick to unpack, and the same bytes everywhere. What
// packed bytes unpack to is stated beside them by their format, never guessed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace distkv::storage::lsm {

// Packs `raw` (below 1 GiB) into `packed`; how many bytes it took, or 0 if they do not fit.
// `haste` 1 packs best; more is quicker and packs less.
size_t pack(std::string_view raw, std::span<char> packed, int haste = 1);
// False if `packed` is not something that unpacks to exactly raw.size() bytes.
bool unpack(std::string_view packed, std::span<char> raw);
// No packed bytes of this size unpack to more: a stated length above it is damage.
constexpr uint64_t unpacked_bytes_max(uint64_t packed_bytes) { return packed_bytes * 255; }

}  // namespace distkv::storage::lsm
