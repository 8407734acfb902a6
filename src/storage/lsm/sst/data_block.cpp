#include "storage/lsm/sst/data_block.h"

#include "base/check.h"
#include "base/codec.h"

namespace distkv::storage::lsm {

namespace {
enum RowFlag : uint8_t { kErased = 1, kApart = 2, kHasMeta = 4 };
constexpr uint8_t kFlagsKnown = kErased | kApart | kHasMeta;
constexpr uint32_t kWide = 1u << 31;  // In the count's field.
constexpr size_t kCountBytes = sizeof(uint32_t);

uint8_t flags_of(const StoredRow& stored) {
  int flags = 0;
  if (stored.row.is_erased) flags |= kErased;
  if (stored.is_apart) flags |= kApart;
  if (!stored.row.meta.empty()) flags |= kHasMeta;
  return static_cast<uint8_t>(flags);
}

// Lengths below 128, nearly all, need no loop.
uint64_t read_varint(std::string_view& in, bool& has_failed) {
  if (!in.empty() && static_cast<uint8_t>(in.front()) < 0x80) {
    const auto value = static_cast<uint8_t>(in.front());
    in.remove_prefix(1);
    return value;
  }
  base::Reader reader(in);
  const uint64_t value = reader.varint();
  has_failed = has_failed || reader.has_failed();
  in.remove_prefix(in.size() - reader.remaining());
  return value;
}

bool read_value(std::string_view rest, uint8_t flags, StoredRow& stored) {
  stored.is_apart = (flags & kApart) != 0;
  stored.row.value = stored.is_apart ? std::string_view() : rest;
  if (!stored.is_apart) return !stored.row.is_erased || rest.empty();
  bool has_failed = false;
  stored.value.offset = read_varint(rest, has_failed);
  stored.value.bytes = read_varint(rest, has_failed);
  return !has_failed && rest.empty() && !stored.row.is_erased &&
         stored.value.offset < kTableBytesMax && stored.value.bytes >= kBlockHeaderBytes &&
         stored.value.bytes <= kBlockHeaderBytes + kBlockBytesMax;
}
}  // namespace

void DataBlockBuilder::add(const StoredRow& stored) {
  const Row& row = stored.row;
  base::Writer writer(rows_);
  writer.u8(flags_of(stored));
  writer.varint(row.place.key.size());
  if (!row.meta.empty()) writer.varint(row.meta.size());
  writer.raw(row.place.key);
  writer.raw(row.meta);
  if (stored.is_apart) {
    writer.varint(stored.value.offset);
    writer.varint(stored.value.bytes);
  } else {
    writer.raw(row.value);
  }
  tokens_.push_back(row.place.token.value());
  ends_.push_back(static_cast<uint32_t>(rows_.size()));
}

size_t DataBlockBuilder::bytes() const {
  const size_t end_bytes = is_wide() ? sizeof(uint32_t) : sizeof(uint16_t);
  return kCountBytes + tokens_.size() * (sizeof(uint64_t) + end_bytes) + rows_.size();
}

std::string_view DataBlockBuilder::finish() {
  DISTKV_CHECK(!is_empty());
  const size_t bytes_total = bytes();
  DISTKV_CHECK(bytes_total <= kDataBlockBytesMax);
  if (block_.size() < bytes_total) block_.resize(bytes_total);
  char* to = block_.data();
  store(to, static_cast<uint32_t>(tokens_.size()) | (is_wide() ? kWide : 0));
  to += kCountBytes;
  std::memcpy(to, tokens_.data(), tokens_.size() * sizeof(uint64_t));
  to += tokens_.size() * sizeof(uint64_t);
  for (const uint32_t end : ends_) {
    if (is_wide()) {
      store(to, end);
      to += sizeof(uint32_t);
    } else {
      store(to, static_cast<uint16_t>(end));
      to += sizeof(uint16_t);
    }
  }
  std::memcpy(to, rows_.data(), rows_.size());
  tokens_.clear();
  ends_.clear();
  rows_.clear();
  return std::string_view(block_).substr(0, bytes_total);
}

bool DataBlock::parse(std::string_view bytes, DataBlock& block) {
  if (bytes.size() < kCountBytes) return false;
  const auto field = load<uint32_t>(bytes.data());
  block.is_wide_ = (field & kWide) != 0;
  const size_t count = field & ~kWide;
  const size_t end_bytes = block.is_wide_ ? sizeof(uint32_t) : sizeof(uint16_t);
  const size_t head_bytes = kCountBytes + count * (sizeof(uint64_t) + end_bytes);
  if (count == 0 || head_bytes > bytes.size()) return false;
  block.tokens_ = TokenArray(bytes.data() + kCountBytes, count);
  block.ends_ = bytes.data() + kCountBytes + count * sizeof(uint64_t);
  block.rows_ = bytes.substr(head_bytes);
  const bool must_be_wide = block.rows_.size() > UINT16_MAX;
  return block.is_wide_ == must_be_wide && block.end_of(count - 1) == block.rows_.size();
}

size_t DataBlock::end_of(size_t at) const {
  return is_wide_ ? load<uint32_t>(ends_ + at * sizeof(uint32_t))
                  : load<uint16_t>(ends_ + at * sizeof(uint16_t));
}

bool DataBlock::row(size_t at, StoredRow& stored) const {
  const size_t begin = at == 0 ? 0 : end_of(at - 1);
  const size_t end = end_of(at);
  if (begin >= end || end > rows_.size()) return false;
  std::string_view in = rows_.substr(begin, end - begin);
  const auto flags = static_cast<uint8_t>(in.front());
  in.remove_prefix(1);
  bool has_failed = (flags & ~kFlagsKnown) != 0;
  const bool has_meta = (flags & kHasMeta) != 0;
  const uint64_t key_bytes = read_varint(in, has_failed);
  const uint64_t meta_bytes = has_meta ? read_varint(in, has_failed) : 0;
  if (has_failed || key_bytes > in.size() || meta_bytes > in.size() - key_bytes) return false;
  if (has_meta && meta_bytes == 0) return false;
  stored.row.is_erased = (flags & kErased) != 0;
  if (stored.row.is_erased && has_meta) return false;
  stored.row.place = {base::Token(tokens_[at]), in.substr(0, key_bytes)};
  stored.row.meta = in.substr(key_bytes, meta_bytes);
  return read_value(in.substr(key_bytes + meta_bytes), flags, stored);
}

bool DataBlock::count_below(const PlaceView& place, size_t& count) const {
  const uint64_t token = place.token.value();
  count = tokens_.count_below(token);
  const auto is_token = [&](size_t at) { return at < size() && tokens_[at] == token; };
  size_t high = count;
  if (is_token(count)) high = is_token(count + 1) ? tokens_.count_to(token) : count + 1;
  StoredRow stored;
  while (count < high) {
    const size_t middle = count + (high - count) / 2;
    if (!row(middle, stored)) return false;
    if (stored.row.place.key < place.key)
      count = middle + 1;
    else
      high = middle;
  }
  return true;
}

}  // namespace distkv::storage::lsm
