#include "storage/lsm/sst/sealed_block.h"

#include "base/check.h"
#include "base/hash.h"
#include "storage/lsm/packing.h"

namespace distkv::storage::lsm {

namespace {
constexpr size_t kStoredBytesAt = 8;
constexpr size_t kRawBytesAt = 12;
constexpr size_t kPackingAt = 16;
constexpr size_t kSavingDivisor =
    8;                               // Unpacking costs a read more than an eighth of a block saves.
constexpr uint32_t kMissesMax = 4;   // After so many in a row, blocks are taken for incompressible
constexpr uint32_t kRetryEvery = 8;  // and only each eighth is tried.
constexpr size_t kPackMin = 64;      // Nothing smaller saves anything worth a branch.

uint64_t checksum_of(std::string_view sealed, uint64_t seed) {
  return base::hash64(sealed.substr(sizeof(uint64_t)), seed);
}
}  // namespace

size_t BlockSealer::seal(std::string_view raw, uint64_t offset, std::string& out, int haste) {
  DISTKV_CHECK(raw.size() <= kBlockBytesMax);
  const size_t begin = out.size();
  out.resize(begin + kBlockHeaderBytes);
  size_t stored_bytes = pack(raw, out, haste);
  const Packing packing = stored_bytes == 0 ? Packing::kNone : Packing::kLz4;
  if (packing == Packing::kNone) {
    out.append(raw);
    stored_bytes = raw.size();
  }
  char* header = out.data() + begin;
  store(header + kStoredBytesAt, static_cast<uint32_t>(stored_bytes));
  store(header + kRawBytesAt, static_cast<uint32_t>(raw.size()));
  store(header + kPackingAt, static_cast<uint8_t>(packing));
  store(header, checksum_of(std::string_view(out).substr(begin), seed_.at(offset)));
  return out.size() - begin;
}

size_t BlockSealer::pack(std::string_view raw, std::string& out, int haste) {
  if (!is_packing_ || raw.size() < kPackMin) return 0;
  if (misses_ >= kMissesMax && ++skipped_ < kRetryEvery) return 0;
  skipped_ = 0;
  const size_t begin = out.size();
  const size_t bytes_max = raw.size() - raw.size() / kSavingDivisor;
  out.resize(begin + bytes_max);
  const size_t bytes = lsm::pack(raw, std::span(out).subspan(begin), haste);
  out.resize(begin + bytes);
  misses_ = bytes == 0 ? misses_ + 1 : 0;
  return bytes;
}

uint64_t sealed_bytes(std::string_view header) {
  return kBlockHeaderBytes + uint64_t{load<uint32_t>(header.data() + kStoredBytesAt)};
}

const char* open_block(std::string_view sealed, uint64_t seed, SealedBlock& block) {
  if (sealed.size() < kBlockHeaderBytes) return "shorter than a block's header";
  if (load<uint64_t>(sealed.data()) != checksum_of(sealed, seed)) {
    return "its checksum does not match";
  }
  if (sealed_bytes(sealed) != sealed.size()) return "its length is not the one expected";
  const auto packing = load<uint8_t>(sealed.data() + kPackingAt);
  if (packing > static_cast<uint8_t>(Packing::kLz4)) return "it is packed in an unknown way";
  block.packing = static_cast<Packing>(packing);
  block.stored = sealed.substr(kBlockHeaderBytes);
  block.raw_bytes = load<uint32_t>(sealed.data() + kRawBytesAt);
  if (block.packing == Packing::kNone) {
    return block.raw_bytes == block.stored.size() ? nullptr : "its two lengths differ";
  }
  const uint64_t raw_max = unpacked_bytes_max(block.stored.size());
  if (block.raw_bytes > kBlockBytesMax || block.raw_bytes > raw_max) {
    return "its unpacked length is impossible";
  }
  return nullptr;
}

bool unpack(const SealedBlock& block, std::string& unpacked, std::string_view& raw) {
  if (block.packing == Packing::kNone) {
    raw = block.stored;
    return true;
  }
  grow(unpacked, block.raw_bytes);
  raw = std::string_view(unpacked).substr(0, block.raw_bytes);
  return lsm::unpack(block.stored, std::span(unpacked).subspan(0, block.raw_bytes));
}

}  // namespace distkv::storage::lsm
