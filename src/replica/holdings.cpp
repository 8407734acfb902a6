#include "replica/holdings.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/codec.h"
#include "ring/layout.h"

namespace distkv::replica {

using base::Code;
using base::Counter;
using base::PartitionId;
using base::Result;
using base::Status;
using base::Token;

namespace {
constexpr uint8_t kFormatVersion = 1;
}  // namespace

void Holdings::set_partitions(uint32_t count) {
  DISTKV_CHECK(std::has_single_bit(count));
  DISTKV_CHECK(horizons_.empty() || horizons_.size() == count);
  horizons_.resize(count);
}

PartitionId Holdings::partition_of(Token token) const {
  return ring::partition_of(token, partitions());
}

Counter Holdings::horizon(PartitionId partition) const {
  return partition.value() < horizons_.size() ? horizons_[partition.value()] : Counter{};
}

Counter Holdings::horizon(Token token) const {
  return horizons_.empty() ? Counter{} : horizons_[partition_of(token).value()];
}

void Holdings::raise_horizon(PartitionId partition, Counter horizon) {
  DISTKV_CHECK(partition.value() < horizons_.size());
  Counter& known = horizons_[partition.value()];
  known = std::max(known, horizon);
  raise_floor(horizon);
}

void Holdings::raise_floor(Counter floor) { floor_ = std::max(floor_, floor); }

void Holdings::fall_behind(PartitionId partition) { behind_.insert(partition); }

bool Holdings::is_behind(Token token) const {
  return !behind_.empty() && behind_.contains(partition_of(token));
}

std::string Holdings::encode() const {
  std::string bytes;
  base::Writer writer(bytes);
  writer.u8(kFormatVersion);
  writer.u64(floor_.value());
  writer.varint(horizons_.size());
  writer.varint(static_cast<uint64_t>(
      std::count_if(horizons_.begin(), horizons_.end(), [](Counter h) { return h > Counter{}; })));
  for (size_t i = 0; i < horizons_.size(); ++i) {
    if (horizons_[i] == Counter{}) continue;
    writer.varint(i);
    writer.u64(horizons_[i].value());
  }
  writer.varint(behind_.size());
  for (const PartitionId partition : behind_) writer.varint(partition.value());
  return bytes;
}

Result<Holdings> Holdings::decode(std::string_view bytes) {
  base::Reader reader(bytes);
  Holdings holdings;
  if (reader.u8() != kFormatVersion) reader.fail();
  holdings.floor_ = Counter{reader.u64()};
  const uint64_t count = reader.count(ring::kPartitionsMax);
  if (count > 0 && !std::has_single_bit(count)) reader.fail();
  if (!reader.has_failed()) holdings.horizons_.resize(count);
  const auto next_partition = [&reader, &holdings] {
    const uint64_t partition = reader.varint();
    if (partition >= holdings.horizons_.size()) reader.fail();
    return PartitionId{static_cast<uint32_t>(partition)};
  };
  for (uint64_t left = reader.count(count); left > 0 && !reader.has_failed(); --left) {
    const PartitionId partition = next_partition();
    const Counter horizon{reader.u64()};
    if (!reader.has_failed()) holdings.raise_horizon(partition, horizon);
  }
  for (uint64_t left = reader.count(count); left > 0 && !reader.has_failed(); --left) {
    const PartitionId partition = next_partition();
    if (!reader.has_failed()) holdings.behind_.insert(partition);
  }
  if (reader.is_complete()) return holdings;
  return Status(Code::kCorrupt, "the store's record of its partitions is damaged");
}

}  // namespace distkv::replica
