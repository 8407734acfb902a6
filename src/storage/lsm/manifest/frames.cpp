#include "storage/lsm/manifest/frames.h"

#include <optional>

#include "base/codec.h"
#include "base/hash.h"

namespace distkv::storage::lsm {
namespace {

using base::Code;
using base::Reader;
using base::Status;
using base::Writer;

constexpr std::string_view kMagic = "dkvmanif";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = 8 + 4 + 16 + 8 + 8;
// Starts each frame, so that what is none is seen at once, by a person too.
constexpr std::string_view kMarker = "dkvf";
constexpr size_t kFrameHeadBytes = 4 + 4 + 8 + 1;

Status damaged(uint64_t offset, const std::string& what) {
  return {Code::kCorrupt, "manifest: offset " + std::to_string(offset) + ": " + what};
}

// Everything a frame's bytes do not say themselves.
uint64_t seed_of(const ManifestIdentity& identity, uint64_t offset, uint32_t body_bytes,
                 FrameKind kind) {
  std::string bytes;
  Writer writer(bytes);
  writer.id128(identity.store.value());
  writer.u64(identity.number);
  writer.u64(offset);
  writer.u32(body_bytes);
  writer.u8(static_cast<uint8_t>(kind));
  return base::hash64(bytes);
}

base::Result<StoreId> read_header(std::string_view bytes, uint64_t number) {
  Reader reader(bytes.substr(0, kHeaderBytes));
  const bool has_magic = reader.raw(kMagic.size()) == kMagic;
  const uint32_t version = reader.u32();
  const StoreId store(reader.id128());
  const uint64_t own_number = reader.u64();
  const uint64_t checksum = reader.u64();
  if (!reader.is_complete()) return damaged(0, "the file ends within its header");
  if (!has_magic) return damaged(0, "this is no manifest");
  if (checksum != base::hash64(bytes.substr(0, kHeaderBytes - 8))) {
    return damaged(0, "the header fails its checksum");
  }
  if (version != kVersion) {
    return damaged(0, "version " + std::to_string(version) + " is not known, only " +
                          std::to_string(kVersion));
  }
  if (own_number != number) {
    return damaged(0, "this is the content of manifest " + std::to_string(own_number));
  }
  return store;
}

std::optional<Frame> frame_at(std::string_view bytes, const ManifestIdentity& identity,
                              uint64_t offset) {
  Reader reader(bytes.substr(offset));
  const bool has_marker = reader.raw(kMarker.size()) == kMarker;
  const uint32_t body_bytes = reader.u32();
  const uint64_t checksum = reader.u64();
  const uint8_t kind = reader.u8();
  const std::string_view body = reader.raw(body_bytes);
  if (reader.has_failed() || !has_marker || kind < 1 || kind > 3) return std::nullopt;
  const Frame frame{static_cast<FrameKind>(kind), offset, body};
  const uint64_t seed = seed_of(identity, offset, body_bytes, frame.kind);
  if (checksum != base::hash64(body, seed)) return std::nullopt;
  return frame;
}

uint64_t block_end(uint64_t offset) {
  return (offset + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

std::optional<Frame> frame_after(std::string_view bytes, const ManifestIdentity& identity,
                                 uint64_t offset) {
  for (uint64_t at = block_end(offset + 1); at < bytes.size(); at += kBlockBytes) {
    if (auto frame = frame_at(bytes, identity, at)) return frame;
  }
  return std::nullopt;
}

// Null when the frame may stand where it does.
const char* misplaced(const ManifestBytes& before, const Frame& frame) {
  const bool is_first = before.frames.empty();
  if (is_first != (frame.kind == FrameKind::kState)) return "a manifest is one state, then edits";
  if (before.has_end) return "a frame stands behind the end";
  if (frame.kind == FrameKind::kEnd && !frame.body.empty()) return "the end holds something";
  return nullptr;
}

}  // namespace

std::string encode_header(const ManifestIdentity& identity) {
  std::string bytes;
  Writer writer(bytes);
  writer.raw(kMagic);
  writer.u32(kVersion);
  writer.id128(identity.store.value());
  writer.u64(identity.number);
  writer.u64(base::hash64(bytes));
  return bytes;
}

void pad_to_block(std::string& bytes) { bytes.resize(block_end(bytes.size())); }

std::string encode_frame(const ManifestIdentity& identity, uint64_t offset, FrameKind kind,
                         std::string_view body) {
  DISTKV_CHECK(body.size() <= UINT32_MAX);
  const auto body_bytes = static_cast<uint32_t>(body.size());
  std::string bytes;
  Writer writer(bytes);
  writer.raw(kMarker);
  writer.u32(body_bytes);
  writer.u64(base::hash64(body, seed_of(identity, offset, body_bytes, kind)));
  writer.u8(static_cast<uint8_t>(kind));
  writer.raw(body);
  return bytes;
}

base::Result<ManifestBytes> parse_manifest(std::string_view bytes, uint64_t number) {
  auto store = read_header(bytes, number);
  if (!store.is_ok()) return store.status();
  const ManifestIdentity identity{*store, number};
  ManifestBytes parsed{*store, {}, false};
  uint64_t offset = kHeaderBytes;
  while (offset <= bytes.size()) {
    const auto frame = frame_at(bytes, identity, offset);
    if (!frame) break;
    if (const char* why = misplaced(parsed, *frame)) return damaged(offset, why);
    if (frame->kind == FrameKind::kEnd) {
      parsed.has_end = true;
    } else {
      parsed.frames.push_back(*frame);
    }
    offset = block_end(offset + kFrameHeadBytes + frame->body.size());
  }
  // The state was on disk before CURRENT named this file.
  if (parsed.frames.empty()) return damaged(offset, "the state fails its checksum");
  if (const auto later = frame_after(bytes, identity, offset)) {
    return damaged(offset,
                   "an edit fails its checksum, and it is no torn one: a whole one follows "
                   "at offset " +
                       std::to_string(later->offset));
  }
  return parsed;
}

}  // namespace distkv::storage::lsm
