#include <string>
#include <utility>

#include "base/codec.h"
#include "base/hash.h"
#include "causality/context_codec.h"
#include "causality/record.h"

namespace distkv::causality {
namespace {

using base::Code;
using base::Status;
using base::WallTime;

constexpr uint8_t kRecordVersion = 1;

constexpr uint8_t kTombstoneFlag = 1;
constexpr uint8_t kExpiresFlag = 2;
constexpr uint8_t kFlagsKnown = kTombstoneFlag | kExpiresFlag;

// Dot, op id, flags, and a value size of one byte: bounds the count by the bytes that are there.
constexpr uint64_t kVersionBytesMin = 16 + 16 + 1 + 1;

// What record and context take, rounded up, so that their string grows once.
constexpr size_t kRecordBytesFixed = 16;  // Format version and three counts.
constexpr size_t kEntryBytes = 16;
constexpr size_t kSpanBytesMax = 26;
constexpr size_t kVersionBytesMax = kVersionBytesMin + 8 + 9;

Status corrupt(std::string_view problem) {
  return {Code::kCorrupt, "record: " + std::string(problem)};
}

void write_version(const Version& version, base::Writer& writer) {
  const bool expires = version.expires_at != kNeverExpires;
  writer.u64(version.dot.actor.value());
  writer.u64(version.dot.counter.value());
  writer.id128(version.op_id.value());
  writer.u8(static_cast<uint8_t>((version.is_tombstone ? kTombstoneFlag : 0) |
                                 (expires ? kExpiresFlag : 0)));
  if (expires) writer.u64(static_cast<uint64_t>(version.expires_at.time_since_epoch().count()));
  writer.varint(version.value.size());
}

// The values of a record, taken off in turn; or, where they are not wanted, only their sizes.
struct Values {
  const char* next = nullptr;  // Null: each is left empty.
  uint64_t left = UINT64_MAX;

  // False: there are fewer bytes.
  bool take(uint64_t size, std::string& value) {
    if (size > left) return false;
    left -= size;
    if (next == nullptr) return true;
    value.assign(next, size);
    next += size;
    return true;
  }
};

// Takes the version's bytes off `meta` and its value off `values`. Returns what is wrong, if so.
std::string_view read_version(base::Reader& meta, Values& values, Version& version) {
  version.dot.actor = base::ActorId(meta.u64());
  version.dot.counter = base::Counter(meta.u64());
  version.op_id = base::OpId(meta.id128());
  const uint8_t flags = meta.u8();
  if ((flags & ~kFlagsKnown) != 0) return "a version has an unknown flag";
  version.is_tombstone = (flags & kTombstoneFlag) != 0;
  if ((flags & kExpiresFlag) != 0) {
    version.expires_at = WallTime(WallTime::duration(static_cast<int64_t>(meta.u64())));
    if (version.expires_at == kNeverExpires) return "a version expires at the time for never";
  }
  const uint64_t size = meta.varint();
  if (meta.has_failed()) return "it is cut short or holds an impossible number";
  if (version.is_tombstone && size != 0) return "a tombstone has a value";
  if (!values.take(size, version.value)) return "the values are shorter than their sizes say";
  return {};
}

std::string_view read_versions(base::Reader& meta, Values& values, Record& record) {
  const uint64_t count = meta.count(meta.remaining() / kVersionBytesMin);
  if (meta.has_failed()) return "more versions than there are bytes for";
  record.versions.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    Version& version = record.versions.emplace_back();
    const std::string_view problem = read_version(meta, values, version);
    if (!problem.empty()) return problem;
    if (i > 0 && record.versions[i - 1].dot >= version.dot) return "versions are out of order";
    if (version.dot.counter == base::Counter{}) return "a version's counter is zero";
    if (!record.seen.covers(version.dot)) return "a version is not covered by what was seen";
  }
  return {};
}

size_t meta_bytes_max(const Record& record) {
  return kRecordBytesFixed + record.seen.vector().size() * kEntryBytes +
         record.seen.spans().size() * kSpanBytesMax + record.versions.size() * kVersionBytesMax;
}

}  // namespace

void encode_record(const Record& record, std::string& meta, std::string& values) {
  meta.reserve(meta.size() + meta_bytes_max(record));
  base::Writer writer(meta);
  writer.u8(kRecordVersion);
  write_context(record.seen, writer);
  writer.varint(record.versions.size());
  for (const Version& version : record.versions) {
    write_version(version, writer);
    values.append(version.value);
  }
}

static base::Result<Record> decode(std::string_view meta, Values& values) {
  base::Reader meta_reader(meta);
  if (meta_reader.u8() != kRecordVersion) return corrupt("its format version is unknown here");
  Record record;
  // Bounded by the bytes alone: a record that was written must always be readable.
  std::string_view problem = read_context(meta_reader, meta.size(), record.seen);
  if (problem.empty()) problem = read_versions(meta_reader, values, record);
  if (!problem.empty()) return corrupt(problem);
  if (!meta_reader.is_complete()) return corrupt("bytes are left over");
  return record;
}

static base::Result<Record> decode_all(std::string_view meta, Values values) {
  base::Result<Record> record = decode(meta, values);
  if (record.is_ok() && values.left > 0) {
    return corrupt("the values are longer than their sizes say");
  }
  return record;
}

base::Result<Record> decode_record(std::string_view meta, std::string_view values) {
  // A view of nothing may have no address, which would say that values are not wanted.
  return decode_all(meta, {values.empty() ? "" : values.data(), values.size()});
}

base::Result<Record> decode_causal_state(std::string_view meta) {
  Values unknown;
  return decode(meta, unknown);
}

base::Result<Record> decode_causal_state(std::string_view meta, size_t values_bytes) {
  return decode_all(meta, {nullptr, values_bytes});
}

uint64_t digest(std::string_view meta) { return base::hash64(meta); }

}  // namespace distkv::causality
