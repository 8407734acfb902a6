#include "storage/leveldb/encoding.h"

#include "base/codec.h"
#include "base/hash.h"

namespace distkv::storage::leveldb {
namespace {

constexpr size_t kChecksumBytes = 8;

uint64_t checksum(std::string_view encoded_key, std::string_view body) {
  return base::hash64(body, base::hash64(encoded_key));
}

base::Status corrupt(std::string_view encoded_key, const char* what) {
  const auto key = decode_key(encoded_key);
  const uint64_t token = key.is_ok() ? key->token.value() : 0;
  return {base::Code::kCorrupt,
          "entry at token " + std::to_string(token) + ": " + what + "; repair it from a replica"};
}

}  // namespace

std::string encode_place(Space space, base::Token token) {
  std::string out;
  out.push_back(static_cast<char>(space));
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((token.value() >> shift) & 0xff));
  }
  return out;
}

std::string encode_key(const KeyRef& key) {
  std::string out;
  out.reserve(kPlaceBytes + key.key.size());
  out = encode_place(key.space, key.token);
  out.append(key.key);
  return out;
}

base::Result<KeyRef> decode_key(std::string_view encoded) {
  if (encoded.size() < kPlaceBytes) {
    return base::Status{base::Code::kCorrupt, "a stored key is too short to have a token"};
  }
  uint64_t token = 0;
  for (size_t i = 1; i < kPlaceBytes; ++i) token = token << 8 | static_cast<uint8_t>(encoded[i]);
  return KeyRef{static_cast<Space>(encoded[0]), base::Token{token}, encoded.substr(kPlaceBytes)};
}

std::string encode_entry(std::string_view encoded_key, const Entry& entry) {
  std::string out;
  out.reserve(entry.meta.size() + entry.value.size() + 2 * kChecksumBytes);
  base::Writer writer(out);
  writer.bytes(entry.meta);
  writer.raw(entry.value);
  writer.u64(checksum(encoded_key, out));
  return out;
}

base::Result<Entry> decode_entry(std::string_view encoded_key, std::string_view encoded,
                                 Part part) {
  if (encoded.size() < kChecksumBytes) return corrupt(encoded_key, "too short for its checksum");
  const std::string_view body = encoded.substr(0, encoded.size() - kChecksumBytes);
  base::Reader stored(encoded.substr(body.size()));
  if (stored.u64() != checksum(encoded_key, body)) return corrupt(encoded_key, "wrong checksum");

  base::Reader reader(body);
  Entry entry;
  entry.meta = reader.bytes(body.size());
  const std::string_view value = reader.raw(reader.remaining());
  if (!reader.is_complete()) return corrupt(encoded_key, "a length is over its end");
  if (part == Part::kAll) entry.value = value;
  return entry;
}

}  // namespace distkv::storage::leveldb
