#include "storage/lsm/sst/table_index.h"

#include <algorithm>

#include "base/codec.h"

namespace distkv::storage::lsm {

namespace {
constexpr size_t kHeadBytes = 2 * sizeof(uint32_t);
constexpr size_t kPerBlock = 2 * sizeof(uint64_t);
constexpr size_t kPerDivider = 2 * sizeof(uint32_t);
constexpr int kExtentBytesBits = 24;
constexpr uint64_t kExtentBytesMask = (1ULL << kExtentBytesBits) - 1;

// The shortest beginning of `key` that is above `last`, which is below `key`.
std::string_view divide(std::string_view last, std::string_view key) {
  const auto [at, _] = std::mismatch(key.begin(), key.end(), last.begin(), last.end());
  return key.substr(0, static_cast<size_t>(at - key.begin()) + 1);
}
}  // namespace

void TableIndexBuilder::begin_block(const PlaceView& first) {
  if (!tokens_.empty() && last_token_ == first.token) {
    divided_.push_back(static_cast<uint32_t>(tokens_.size()));
    keys_.append(divide(last_key_, first.key));
    key_ends_.push_back(static_cast<uint32_t>(keys_.size()));
  }
  tokens_.push_back(first.token.value());
}

void TableIndexBuilder::end_block(const PlaceView& last, const Extent& extent) {
  last_token_ = last.token;
  last_key_ = last.key;
  extents_.push_back(extent.offset << kExtentBytesBits | extent.bytes);
}

size_t TableIndexBuilder::bytes() const {
  return kHeadBytes + tokens_.size() * kPerBlock + divided_.size() * kPerDivider + keys_.size();
}

std::string TableIndexBuilder::finish() const {
  std::string index;
  index.reserve(bytes());
  base::Writer writer(index);
  writer.u32(static_cast<uint32_t>(tokens_.size()));
  writer.u32(static_cast<uint32_t>(divided_.size()));
  for (const uint64_t token : tokens_) writer.u64(token);
  for (const uint64_t extent : extents_) writer.u64(extent);
  for (const uint32_t block : divided_) writer.u32(block);
  for (const uint32_t end : key_ends_) writer.u32(end);
  writer.raw(keys_);
  return index;
}

bool TableIndex::parse(std::string bytes, uint64_t data_end, TableIndex& index) {
  if (bytes.size() < kHeadBytes) return false;
  index.blocks_ = load<uint32_t>(bytes.data());
  index.dividers_ = load<uint32_t>(bytes.data() + sizeof(uint32_t));
  index.bytes_ = std::move(bytes);
  return index.is_sound(data_end);
}

bool TableIndex::is_sound(uint64_t data_end) const {
  const size_t fixed = kHeadBytes + blocks_ * kPerBlock + dividers_ * kPerDivider;
  if (blocks_ == 0 || fixed > bytes_.size()) return false;
  uint64_t end = 0;
  for (size_t block = 0; block < blocks_; ++block) {
    const Extent here = extent(block);
    if (here.offset < end || here.bytes <= kBlockHeaderBytes) return false;
    if (block > 0 && first_token(block) < first_token(block - 1)) return false;
    end = here.end();
  }
  return end == data_end && are_dividers_sound();
}

bool TableIndex::are_dividers_sound() const {
  const size_t fixed = kHeadBytes + blocks_ * kPerBlock + dividers_ * kPerDivider;
  size_t end = 0;
  for (size_t i = 0; i < dividers_; ++i) {
    const size_t block_min = i == 0 ? 1 : size_t{divided_block(i - 1)} + 1;
    if (divided_block(i) < block_min || divided_block(i) >= blocks_) return false;
    if (key_end(i) <= end || key_end(i) > bytes_.size() - fixed) return false;
    end = key_end(i);
  }
  return end == bytes_.size() - fixed;
}

TokenArray TableIndex::tokens() const { return {bytes_.data() + kHeadBytes, blocks_}; }

Extent TableIndex::extent(size_t block) const {
  const size_t at = kHeadBytes + (blocks_ + block) * sizeof(uint64_t);
  const auto packed = load<uint64_t>(bytes_.data() + at);
  return {packed >> kExtentBytesBits, packed & kExtentBytesMask};
}

uint32_t TableIndex::divided_block(size_t divider) const {
  const size_t at = kHeadBytes + blocks_ * kPerBlock + divider * sizeof(uint32_t);
  return load<uint32_t>(bytes_.data() + at);
}

size_t TableIndex::key_end(size_t divider) const {
  const size_t at = kHeadBytes + blocks_ * kPerBlock + (dividers_ + divider) * sizeof(uint32_t);
  return load<uint32_t>(bytes_.data() + at);
}

std::string_view TableIndex::divider_key(size_t divider) const {
  const size_t keys = kHeadBytes + blocks_ * kPerBlock + dividers_ * kPerDivider;
  const size_t begin = divider == 0 ? 0 : key_end(divider - 1);
  return std::string_view(bytes_).substr(keys + begin, key_end(divider) - begin);
}

size_t TableIndex::dividers_below(size_t block) const {
  size_t low = 0;
  size_t high = dividers_;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (divided_block(middle) < block)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

std::optional<size_t> TableIndex::block_of(const PlaceView& place) const {
  const size_t end = tokens().count_to(place.token.value());
  if (end == 0) return std::nullopt;
  if (first_token(end - 1) < place.token.value()) return end - 1;
  // Blocks from `begin` to `end` start with this very token; the dividers among them decide.
  const size_t begin = tokens().count_below(place.token.value());
  const size_t first = dividers_below(begin);
  size_t low = first;
  size_t high = dividers_below(end);
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (divider_key(middle) <= place.key)
      low = middle + 1;
    else
      high = middle;
  }
  if (low > first) return divided_block(low - 1);
  // Before every divider: if there is one at `begin`, the token starts in the block before.
  const bool is_begin_divided = first < dividers_ && divided_block(first) == begin;
  return is_begin_divided ? begin - 1 : begin;
}

}  // namespace distkv::storage::lsm
