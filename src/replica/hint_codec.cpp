#include "replica/hint_codec.h"

#include "base/codec.h"

namespace distkv::replica {

using base::Code;
using base::Result;
using base::Status;

namespace {
// 1 was a bare record; its first byte, the version of its meta, was 1 too.
constexpr uint8_t kHintVersion = 2;
}  // namespace

std::string encode_hint_key(const base::NodeId& target, std::string_view key) {
  std::string stored;
  base::Writer writer(stored);
  writer.bytes(target.value());
  writer.raw(key);
  return stored;
}

Result<HintPlace> decode_hint_key(std::string_view stored) {
  base::Reader reader(stored);
  base::NodeId target{std::string(reader.bytes(base::kNodeIdBytesMax))};
  const std::string_view key = reader.raw(reader.remaining());
  if (reader.has_failed() || target.value().empty() || key.empty()) {
    return Status(Code::kCorrupt, "a hint's key names no target and key");
  }
  return HintPlace{std::move(target), std::string(key)};
}

std::string encode_hint_meta(const HintHeader& header, const RecordView& record) {
  std::string meta;
  base::Writer writer(meta);
  writer.u8(kHintVersion);
  writer.u64(header.layout.value());
  writer.u64(header.oldest.sequence);
  writer.u64(static_cast<uint64_t>(header.oldest.at.time_since_epoch().count()));
  writer.u32(static_cast<uint32_t>(record.values.size()));
  writer.raw(record.meta);
  return meta;
}

Result<HintMeta> decode_hint_meta(std::string_view meta) {
  base::Reader reader(meta);
  const uint8_t version = reader.u8();
  if (version != kHintVersion) {
    return Status(Code::kCorrupt, "a hint of format " + std::to_string(version) +
                                      "; this program reads format " +
                                      std::to_string(kHintVersion));
  }
  HintMeta found;
  found.header.layout = base::LayoutVersion{reader.u64()};
  found.header.oldest.sequence = reader.u64();
  found.header.oldest.at =
      base::WallTime(std::chrono::milliseconds(static_cast<int64_t>(reader.u64())));
  found.values_bytes = reader.u32();
  found.record_meta = reader.raw(reader.remaining());
  if (reader.has_failed() || found.record_meta.empty()) {
    return Status(Code::kCorrupt, "a hint's header is cut short");
  }
  return found;
}

}  // namespace distkv::replica
