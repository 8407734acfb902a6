// What two replicas say to each other while they compare their hash trees.
#include <string>
#include <string_view>

#include "base/codec.h"
#include "wire/codec.h"
#include "wire/tree_generated.h"

namespace distkv::wire {

using base::RequestId;

template <>
struct TableOf<RootsRequest> {
  using Type = fb::RootsRequest;
};
template <>
struct TableOf<RootsReply> {
  using Type = fb::RootsReply;
};
template <>
struct TableOf<LeavesRequest> {
  using Type = fb::LeavesRequest;
};
template <>
struct TableOf<LeavesReply> {
  using Type = fb::LeavesReply;
};
template <>
struct TableOf<KeysRequest> {
  using Type = fb::KeysRequest;
};
template <>
struct TableOf<KeysReply> {
  using Type = fb::KeysReply;
};
template <>
struct TableOf<FetchRequest> {
  using Type = fb::FetchRequest;
};
template <>
struct TableOf<FetchReply> {
  using Type = fb::FetchReply;
};
template <>
struct TableOf<MergeRequest> {
  using Type = fb::MergeRequest;
};
template <>
struct TableOf<HorizonRequest> {
  using Type = fb::HorizonRequest;
};
template <>
struct TableOf<HorizonReply> {
  using Type = fb::HorizonReply;
};

namespace {

// Zero, which leaves the field out, for an empty vector.
template <typename Number>
flatbuffers::Offset<flatbuffers::Vector<Number>> numbers(FrameBuilder& builder,
                                                         const std::vector<Number>& items) {
  return items.empty() ? 0 : builder.flat.CreateVector(items);
}

template <typename Number>
void read_numbers(const flatbuffers::Vector<Number>* vector, std::vector<Number>& out,
                  size_t count_max, const char* field, Checks& checks) {
  read_each(vector, out, count_max, field, checks, [](Number number) { return number; });
}

std::string packed(const std::vector<TreeRecord>& records) {
  std::string bytes;
  base::Writer writer(bytes);
  for (const TreeRecord& record : records) {
    writer.bytes(record.key);
    writer.bytes(record.meta);
    writer.bytes(record.values);
  }
  return bytes;
}

void unpack(std::string_view bytes, std::vector<TreeRecord>& out, const char* field,
            Checks& checks) {
  base::Reader reader(bytes);
  while (reader.remaining() > 0 && out.size() < kTreeRecordsMax && !checks.has_failed()) {
    TreeRecord& record = out.emplace_back();
    record.key = checks.key(reader.bytes(base::kKeyBytesMax));
    record.meta = reader.bytes(kRecordMetaBytesMax);
    record.values = reader.bytes(kPeerFrameBytesMax);
    checks.require(!reader.has_failed(), field, "is cut short");
  }
  checks.require(reader.remaining() == 0, field, "has too many entries");
}

// Leaves of one tree, each once.
void read_leaves(const flatbuffers::Vector<uint16_t>* vector, std::vector<uint16_t>& out,
                 size_t count_max, Checks& checks) {
  read_numbers(vector, out, count_max, "leaves", checks);
  for (size_t i = 1; i < out.size(); ++i) {
    checks.require(out[i - 1] < out[i], "leaves", "is out of order");
  }
}

}  // namespace

std::string_view Encoder::encode(const RootsRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin((sizeof(uint64_t) + sizeof(uint32_t)) * message.roots.size());
  const auto roots = numbers(builder, message.roots);
  const auto partitions = numbers(builder, message.partitions);
  const auto root =
      fb::CreateRootsRequest(builder.flat, message.layout_version.value(), partitions, roots);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::RootsRequest& table, RootsRequest& out, Checks& checks) {
  out.layout_version = base::LayoutVersion(table.layout_version());
  read_numbers(table.partitions(), out.partitions, kTreePartitionsMax, "partitions", checks);
  read_numbers(table.roots(), out.roots, kTreePartitionsMax, "roots", checks);
  checks.require(out.partitions.size() == out.roots.size(), "roots", "is not one a partition");
}

std::string_view Encoder::encode(const RootsReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(sizeof(uint32_t) * (message.differing.size() + message.unready.size()));
  const TextOffset text = builder.sentence(message.message);
  const auto differing = numbers(builder, message.differing);
  const auto unready = numbers(builder, message.unready);
  const auto root = fb::CreateRootsReply(builder.flat, static_cast<uint8_t>(message.code), text,
                                         differing, unready);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::RootsReply& table, RootsReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  read_numbers(table.differing(), out.differing, kTreePartitionsMax, "differing", checks);
  read_numbers(table.unready(), out.unready, kTreePartitionsMax, "unready", checks);
}

std::string_view Encoder::encode(const LeavesRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(sizeof(uint16_t) * message.leaves.size());
  const auto leaves = numbers(builder, message.leaves);
  const auto root =
      fb::CreateLeavesRequest(builder.flat, message.layout_version.value(),
                              message.partition.value(), leaves, message.horizon.value());
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::LeavesRequest& table, LeavesRequest& out, Checks& checks) {
  out.layout_version = base::LayoutVersion(table.layout_version());
  out.partition = base::PartitionId(table.partition());
  read_leaves(table.leaves(), out.leaves, kTreeLeavesMax, checks);
  out.horizon = base::Counter(table.horizon());
}

std::string_view Encoder::encode(const LeavesReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(sizeof(uint64_t) * message.hashes.size());
  const TextOffset text = builder.sentence(message.message);
  const auto hashes = numbers(builder, message.hashes);
  const auto root = fb::CreateLeavesReply(builder.flat, static_cast<uint8_t>(message.code), text,
                                          hashes, message.horizon.value());
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::LeavesReply& table, LeavesReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  read_numbers(table.hashes(), out.hashes, kTreeLeavesMax, "hashes", checks);
  out.horizon = base::Counter(table.horizon());
}

std::string_view Encoder::encode(const KeysRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(sizeof(uint32_t) * message.tags.size() + sizeof(uint16_t) * message.leaves.size());
  const auto tags = numbers(builder, message.tags);
  const TextOffset through = builder.text(message.through);
  const TextOffset after = builder.text(message.after);
  const auto leaves = numbers(builder, message.leaves);
  const auto root = fb::CreateKeysRequest(builder.flat, message.layout_version.value(), leaves,
                                          after, through, message.salt, tags);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::KeysRequest& table, KeysRequest& out, Checks& checks) {
  out.layout_version = base::LayoutVersion(table.layout_version());
  read_leaves(table.leaves(), out.leaves, kTreeRecordsMax, checks);
  checks.require(!out.leaves.empty(), "leaves", "is empty");
  out.after = checks.bytes(view(table.after()), base::kKeyBytesMax, "after");
  out.through = checks.bytes(view(table.through()), base::kKeyBytesMax, "through");
  out.salt = table.salt();
  read_numbers(table.tags(), out.tags, kTreeRecordsMax, "tags", checks);
}

std::string_view Encoder::encode(const KeysReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  const std::string bytes = packed(message.surplus);
  builder.begin(bytes.size() + sizeof(uint32_t) * message.missing.size());
  const TextOffset surplus = builder.text(bytes);
  const auto missing = numbers(builder, message.missing);
  const TextOffset last = builder.text(message.last);
  const TextOffset text = builder.sentence(message.message);
  const auto root = fb::CreateKeysReply(builder.flat, static_cast<uint8_t>(message.code), text,
                                        missing, surplus, last);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::KeysReply& table, KeysReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  read_numbers(table.missing(), out.missing, kTreeRecordsMax, "missing", checks);
  unpack(view(table.surplus()), out.surplus, "surplus", checks);
  out.last = checks.bytes(view(table.last()), base::kKeyBytesMax, "last");
}

std::string_view Encoder::encode(const FetchRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  std::string bytes;
  base::Writer writer(bytes);
  for (const std::string_view key : message.keys) writer.bytes(key);
  builder.begin(bytes.size());
  const TextOffset keys = builder.text(bytes);
  const auto root = fb::CreateFetchRequest(builder.flat, message.layout_version.value(), keys);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::FetchRequest& table, FetchRequest& out, Checks& checks) {
  out.layout_version = base::LayoutVersion(table.layout_version());
  base::Reader reader(view(table.keys()));
  while (reader.remaining() > 0 && out.keys.size() < kTreeRecordsMax && !checks.has_failed()) {
    out.keys.push_back(checks.key(reader.bytes(base::kKeyBytesMax)));
    checks.require(!reader.has_failed(), "keys", "is cut short");
  }
  checks.require(reader.remaining() == 0, "keys", "has too many entries");
}

std::string_view Encoder::encode(const FetchReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  const std::string bytes = packed(message.records);
  builder.begin(bytes.size());
  const TextOffset records = builder.text(bytes);
  const TextOffset text = builder.sentence(message.message);
  const auto root =
      fb::CreateFetchReply(builder.flat, static_cast<uint8_t>(message.code), text, records);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::FetchReply& table, FetchReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  unpack(view(table.records()), out.records, "records", checks);
}

std::string_view Encoder::encode(const MergeRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  const std::string bytes = packed(message.records);
  builder.begin(bytes.size());
  const TextOffset records = builder.text(bytes);
  const auto root = fb::CreateMergeRequest(builder.flat, message.layout_version.value(), records);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::MergeRequest& table, MergeRequest& out, Checks& checks) {
  out.layout_version = base::LayoutVersion(table.layout_version());
  unpack(view(table.records()), out.records, "records", checks);
}

std::string_view Encoder::encode(const HorizonRequest& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(sizeof(uint32_t) * message.partitions.size());
  const auto partitions = numbers(builder, message.partitions);
  const auto root = fb::CreateHorizonRequest(builder.flat, message.layout_version.value(),
                                             static_cast<uint8_t>(message.step),
                                             message.horizon.value(), partitions);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::HorizonRequest& table, HorizonRequest& out, Checks& checks) {
  out.layout_version = base::LayoutVersion(table.layout_version());
  out.step = static_cast<HorizonStep>(table.step());
  checks.require(out.step >= HorizonStep::kPromise && out.step <= HorizonStep::kInherit, "step",
                 "is unknown");
  out.horizon = base::Counter(table.horizon());
  read_numbers(table.partitions(), out.partitions, kTreePartitionsMax, "partitions", checks);
}

std::string_view Encoder::encode(const HorizonReply& message, RequestId id) {
  FrameBuilder& builder = *state_;
  builder.begin(sizeof(uint32_t) * message.partitions.size());
  const TextOffset text = builder.sentence(message.message);
  const auto partitions = numbers(builder, message.partitions);
  const auto root =
      fb::CreateHorizonReply(builder.flat, static_cast<uint8_t>(message.code), text, partitions);
  return builder.finish(message.kType, id, root.Union());
}

static void read(const fb::HorizonReply& table, HorizonReply& out, Checks& checks) {
  out.code = checks.code(table.code());
  out.message = checks.bytes(view(table.message()), kTextBytesMax, "message");
  read_numbers(table.partitions(), out.partitions, kTreePartitionsMax, "partitions", checks);
}

template base::Result<RootsRequest> decode(const FrameView&);
template base::Result<RootsReply> decode(const FrameView&);
template base::Result<LeavesRequest> decode(const FrameView&);
template base::Result<LeavesReply> decode(const FrameView&);
template base::Result<KeysRequest> decode(const FrameView&);
template base::Result<KeysReply> decode(const FrameView&);
template base::Result<FetchRequest> decode(const FrameView&);
template base::Result<FetchReply> decode(const FrameView&);
template base::Result<MergeRequest> decode(const FrameView&);
template base::Result<HorizonRequest> decode(const FrameView&);
template base::Result<HorizonReply> decode(const FrameView&);

}  // namespace distkv::wire
