#include "storage/lsm/sst/table_filter.h"

#include <algorithm>
#include <cstring>

namespace distkv::storage::lsm {

namespace {
constexpr size_t kLineBytes = 64;
constexpr size_t kLineBits = 512;
constexpr int kBitShift = 32 - 9;  // 9 bits name one of a line's bits.
constexpr int kProbesMax = 16;
constexpr size_t kAhead = 16;  // Hashes whose lines are fetched in advance while building.

// Fewer than the 0.69 a bit of a plain Bloom filter: a line that is fuller than average spoils more
// than another probe wins.
int probes_for(size_t bits_per_key) {
  return std::clamp(static_cast<int>(bits_per_key * 6 / 10), 1, kProbesMax);
}

// The upper half of the hash picks the line, the lower half the bits.
size_t line_of(uint64_t hash, size_t lines) { return ((hash >> 32) * lines) >> 32; }

uint32_t next_probe(uint32_t bits) { return bits * 0x9e3779b9u; }

void set_bits(char* line, uint64_t hash, int probes) {
  auto bits = static_cast<uint32_t>(hash);
  for (int i = 0; i < probes; ++i) {
    bits = next_probe(bits);
    const uint32_t at = bits >> kBitShift;
    line[at / 8] = static_cast<char>(line[at / 8] | (1 << (at % 8)));
  }
}
}  // namespace

std::string build_filter(std::span<const uint64_t> hashes, size_t bits_per_key) {
  const size_t bits = hashes.size() * bits_per_key;
  const size_t lines = (bits + kLineBits - 1) / kLineBits;
  const int probes = probes_for(bits_per_key);
  std::string filter(lines * kLineBytes, '\0');
  for (size_t i = 0; i < hashes.size() && lines > 0; ++i) {
    const uint64_t ahead = hashes[std::min(i + kAhead, hashes.size() - 1)];
    __builtin_prefetch(filter.data() + line_of(ahead, lines) * kLineBytes, 1);
    set_bits(filter.data() + line_of(hashes[i], lines) * kLineBytes, hashes[i], probes);
  }
  filter.push_back(static_cast<char>(lines == 0 ? 0 : probes));
  return filter;
}

bool TableFilter::parse(std::string_view bytes, TableFilter& filter) {
  if (bytes.size() % kLineBytes != 1) return false;
  const size_t lines = bytes.size() / kLineBytes;
  filter.probes_ = static_cast<uint8_t>(bytes.back());
  if (lines > UINT32_MAX || filter.probes_ > kProbesMax) return false;
  if ((lines == 0) != (filter.probes_ == 0)) return false;
  filter.lines_.resize(lines);
  for (size_t i = 0; i < lines; ++i) {
    std::memcpy(filter.lines_[i].bytes.data(), bytes.data() + i * kLineBytes, kLineBytes);
  }
  return true;
}

bool TableFilter::may_contain(uint64_t hash) const {
  if (lines_.empty()) return true;
  const Line& line = lines_[line_of(hash, lines_.size())];
  auto bits = static_cast<uint32_t>(hash);
  for (int i = 0; i < probes_; ++i) {
    bits = next_probe(bits);
    const uint32_t at = bits >> kBitShift;
    if ((line.bytes[at / 8] & (1 << (at % 8))) == 0) return false;
  }
  return true;
}

void TableFilter::prefetch(uint64_t hash) const {
  if (!lines_.empty()) __builtin_prefetch(&lines_[line_of(hash, lines_.size())]);
}

uint64_t TableFilter::bytes_resident() const { return lines_.size() * sizeof(Line); }

}  // namespace distkv::storage::lsm
