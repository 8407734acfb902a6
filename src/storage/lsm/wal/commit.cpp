// Commits within a frame's payload: the encoder every write passes, and the decoder of replay.
#include "base/codec.h"
#include "storage/lsm/wal/format.h"

namespace distkv::storage::lsm {
namespace {

constexpr uint8_t kErasedFlag = 0x80;  // Above the numbers of spaces.
constexpr size_t kTokenBytes = 8;
constexpr size_t kVarintBytesMax = 10;
// Kind, token and the key's length, put together before they are appended at once.
constexpr size_t kPrefixBytesMax = 1 + kTokenBytes + kVarintBytesMax;

char* put_varint(char* out, uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

void append_bytes(std::string_view bytes, std::string& out) {
  char length[kVarintBytesMax];
  out.append(length, static_cast<size_t>(put_varint(length, bytes.size()) - length));
  out.append(bytes);
}

void encode_write(const LogWrite& write, std::string& out) {
  char prefix[kPrefixBytesMax];
  const uint8_t flag = write.entry == nullptr ? kErasedFlag : 0;
  prefix[0] = static_cast<char>(static_cast<uint8_t>(write.key.space) | flag);
  for (size_t byte = 0; byte < kTokenBytes; ++byte) {
    prefix[1 + byte] = static_cast<char>(write.key.token.value() >> (8 * byte));
  }
  const char* end = put_varint(prefix + 1 + kTokenBytes, write.key.key.size());
  out.append(prefix, static_cast<size_t>(end - prefix));
  out.append(write.key.key);
  if (write.entry == nullptr) return;
  append_bytes(write.entry->meta, out);
  append_bytes(write.entry->value, out);
}

bool is_space(uint8_t number) {
  return number >= static_cast<uint8_t>(Space::kData) &&
         number <= static_cast<uint8_t>(Space::kNode);
}

// False if the bytes make no sense.
bool decode_write(base::Reader& reader, LoggedWrite& write) {
  const uint8_t kind = reader.u8();
  const uint8_t space = kind & static_cast<uint8_t>(~kErasedFlag);
  write.is_erased = (kind & kErasedFlag) != 0;
  write.key.space = static_cast<Space>(space);
  write.key.token = base::Token{reader.u64()};
  write.key.key = reader.bytes(reader.remaining());
  write.entry = {};
  if (!write.is_erased) {
    write.entry.meta = reader.bytes(reader.remaining());
    write.entry.value = reader.bytes(reader.remaining());
  }
  return is_space(space) && !reader.has_failed();
}

base::Status malformed(Sequence sequence) {
  return {base::Code::kCorrupt, "commit " + std::to_string(sequence.value()) + " is malformed"};
}

}  // namespace

uint64_t Log::bytes_of(const LogWrite& write) {
  // One byte more than its own: every write pays for its commit's count.
  const uint64_t key = 1 + kPrefixBytesMax + write.key.key.size();
  if (write.entry == nullptr) return key;
  return key + 2 * kVarintBytesMax + write.entry->meta.size() + write.entry->value.size();
}

void encode_commit(std::span<const LogWrite> writes, std::string& payload) {
  base::Writer(payload).varint(writes.size());
  for (const LogWrite& write : writes) encode_write(write, payload);
}

base::Status decode_commits(std::string_view payload, Sequence first, uint32_t commits,
                            Sequence skip,
                            const std::function<base::Status(const LoggedWrite&)>& visit) {
  base::Reader reader(payload);
  LoggedWrite write;
  for (uint32_t commit = 0; commit < commits; ++commit) {
    write.sequence = Sequence{first.value() + commit};
    const uint64_t writes = reader.count(reader.remaining());
    if (reader.has_failed()) return malformed(write.sequence);
    for (uint64_t index = 0; index < writes; ++index) {
      if (!decode_write(reader, write)) return malformed(write.sequence);
      if (write.sequence <= skip) continue;
      if (auto status = visit(write); !status.is_ok()) return status;
    }
  }
  return reader.is_complete() ? base::Status::ok() : malformed(Sequence{first.value() + commits});
}

}  // namespace distkv::storage::lsm
