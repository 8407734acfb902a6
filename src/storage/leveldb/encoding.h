// How keys and entries lie in LevelDB. Byte order of encoded keys is (space, token, key) order.
//
//   key    | space 1 B | token 8 B big-endian | key ...                      |
//   entry  | varint meta size | meta ... | value ... | XXH3-64 8 B little-endian |
//
// The checksum covers what stands before it and is seeded with the hash of the encoded key: an
// entry damaged after LevelDB's own checks, or found under another key, is kCorrupt, never another
// entry and never absent.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/engine.h"

namespace distkv::storage::leveldb {

// Space and token: the part of an encoded key every key has.
inline constexpr size_t kPlaceBytes = 9;

std::string encode_key(const KeyRef& key);
// The space and token alone: the smallest encoded key that could have them.
std::string encode_place(Space space, base::Token token);
// kCorrupt if `encoded` is too short. The view is into `encoded`.
base::Result<KeyRef> decode_key(std::string_view encoded);

std::string encode_entry(std::string_view encoded_key, const Entry& entry);
// kCorrupt if the checksum or a length is wrong. With kMeta the value stays empty.
base::Result<Entry> decode_entry(std::string_view encoded_key, std::string_view encoded, Part part);

}  // namespace distkv::storage::leveldb
