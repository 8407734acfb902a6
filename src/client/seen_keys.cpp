#include "client/seen_keys.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/codec.h"
#include "base/hash.h"
#include "base/types.h"

namespace distkv::client {

using base::Code;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kMagic = "DKVS";
constexpr uint8_t kVersion = 1;
constexpr size_t kChecksumBytes = 8;
constexpr size_t kTokenBytesMax = 64 * 1024;  // As servers take it.

Status invalid(std::string_view what) {
  return {Code::kInvalidArgument, "no session of this version: " + std::string(what)};
}

}  // namespace

const std::string* SeenKeys::find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &found->second->token;
}

void SeenKeys::learn(std::string_view key, const causality::Context& context) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    entries_.push_back({std::string(key), context, causality::encode_token(context)});
    by_key_.emplace(entries_.back().key, std::prev(entries_.end()));
  } else {
    Entry& entry = *found->second;
    entries_.splice(entries_.end(), entries_, found->second);
    bytes_ -= entry.bytes();
    entry.context.merge(context);
    entry.token = causality::encode_token(entry.context);
  }
  bytes_ += entries_.back().bytes();
  // No server would take more.
  const causality::Context& seen = entries_.back().context;
  const bool is_too_long = seen.vector().size() > causality::kContextActorsMax ||
                           seen.spans().size() > causality::kContextActorsMax ||
                           entries_.back().token.size() > kTokenBytesMax;
  if (is_too_long) forget(std::prev(entries_.end()));
  while (size() > kSeenKeysMax || bytes_ > kSeenBytesMax) forget(entries_.begin());
}

void SeenKeys::forget(Entries::iterator entry) {
  ++forgotten_;
  bytes_ -= entry->bytes();
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

void SeenKeys::merge(const SeenKeys& other) {
  forgotten_ = std::max(forgotten_, other.forgotten_);
  for (const Entry& entry : other.entries_) learn(entry.key, entry.context);
}

std::string SeenKeys::encode() const {
  std::string bytes;
  base::Writer writer(bytes);
  writer.raw(kMagic);
  writer.u8(kVersion);
  writer.varint(forgotten_);
  writer.varint(entries_.size());
  for (const Entry& entry : entries_) {
    writer.bytes(entry.key);
    writer.bytes(entry.token);
  }
  writer.u64(base::hash64(bytes));
  return bytes;
}

Result<SeenKeys> SeenKeys::decode(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + 1 + kChecksumBytes || !bytes.starts_with(kMagic)) {
    return invalid("it does not begin as one, or is cut short");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  base::Reader reader(body.substr(kMagic.size()));
  const uint8_t version = reader.u8();
  if (version != kVersion) {
    return invalid("its version is " + std::to_string(version) + ", this client reads " +
                   std::to_string(kVersion));
  }
  if (base::Reader(bytes.substr(body.size())).u64() != base::hash64(body)) {
    return invalid("it is damaged (its checksum differs)");
  }
  SeenKeys seen;
  const uint64_t forgotten = reader.varint();
  const uint64_t count = reader.count(kSeenKeysMax);
  for (uint64_t i = 0; i < count && !reader.has_failed(); ++i) {
    const std::string_view key = reader.bytes(base::kKeyBytesMax);
    const auto context = causality::decode_token(reader.bytes(kTokenBytesMax));
    if (!context.is_ok()) return invalid("a context in it is damaged");
    if (key.empty() || seen.find(key) != nullptr) reader.fail();
    if (!reader.has_failed()) seen.learn(key, *context);
  }
  if (!reader.is_complete() || seen.size() != count) return invalid("its keys make no sense");
  seen.forgotten_ = forgotten;
  return seen;
}

}  // namespace distkv::client
