#include "storage/lsm/packing.h"

#include <lz4.h>

#include <algorithm>

namespace distkv::storage::lsm {

size_t pack(std::string_view raw, std::span<char> packed, int haste) {
  const int bytes = LZ4_compress_fast(raw.data(), packed.data(), static_cast<int>(raw.size()),
                                      static_cast<int>(packed.size()), haste);
  return static_cast<size_t>(std::max(bytes, 0));
}

bool unpack(std::string_view packed, std::span<char> raw) {
  const int bytes = LZ4_decompress_safe(packed.data(), raw.data(), static_cast<int>(packed.size()),
                                        static_cast<int>(raw.size()));
  return bytes >= 0 && static_cast<size_t>(bytes) == raw.size();
}

}  // namespace distkv::storage::lsm
