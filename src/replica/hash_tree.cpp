#include "replica/hash_tree.h"

#include <algorithm>
#include <utility>

#include "base/codec.h"
#include "base/hash.h"

namespace distkv::replica {

using base::Status;

namespace {
constexpr uint8_t kFormatVersion = 1;
constexpr int kTokenBits = 64;
constexpr int kTagBits = 32;
// 2^64 divided by the golden ratio, odd: each bit of a sum reaches the high half of the product.
constexpr uint64_t kTagFactor = 0x9e3779b97f4a7c15;

Status corrupt(std::string_view what) {
  return {base::Code::kCorrupt, "the stored hash tree " + std::string(what)};
}
}  // namespace

Leaf leaf_of(base::Token token) {
  return static_cast<Leaf>(token.value() >> (kTokenBits - kLeafBits));
}

base::Token first_token(Leaf leaf) {
  return base::Token{uint64_t{leaf} << (kTokenBits - kLeafBits)};
}

base::Token last_token(Leaf leaf) {
  return base::Token{first_token(leaf).value() | (UINT64_MAX >> kLeafBits)};
}

uint64_t key_hash(std::string_view key) { return base::hash64(key); }

uint64_t record_hash(uint64_t key_hash, std::string_view meta) {
  return meta.empty() ? 0 : base::hash64(meta, key_hash);
}

uint64_t record_hash(std::string_view key, std::string_view meta) {
  return record_hash(key_hash(key), meta);
}

uint32_t tag_of(uint64_t record_hash, uint64_t salt) {
  return static_cast<uint32_t>(((record_hash ^ salt) * kTagFactor) >> kTagBits);
}

uint64_t HashTree::root(Leaf first, Leaf last) const {
  uint64_t root = 0;
  for (uint32_t leaf = first; leaf <= last; ++leaf) root ^= leaves_[leaf];
  return root;
}

bool HashTree::is_ready(Leaf first, Leaf last) const {
  for (uint32_t section = section_of(first); section <= section_of(last); ++section) {
    if (!ready_[section]) return false;
  }
  return true;
}

std::vector<uint64_t> HashTree::section(uint32_t section) const {
  const auto first = leaves_.begin() + section * kSectionLeaves;
  return {first, first + kSectionLeaves};
}

size_t HashTree::settle(uint32_t section, const std::vector<uint64_t>& error) {
  DISTKV_CHECK(error.size() == kSectionLeaves);
  size_t wrong = 0;
  for (uint32_t i = 0; i < kSectionLeaves; ++i) {
    leaves_[section * kSectionLeaves + i] ^= error[i];
    wrong += error[i] != 0 ? 1 : 0;
  }
  ready_[section] = true;
  return wrong;
}

std::string HashTree::encode(uint64_t life) const {
  std::string bytes;
  base::Writer writer(bytes);
  writer.u8(kFormatVersion);
  writer.u64(life);
  writer.u32(static_cast<uint32_t>(ready_.to_ulong()));
  uint32_t next = 0;
  for (uint32_t leaf = 0; leaf < kLeaves; ++leaf) {
    if (!ready_[leaf / kSectionLeaves] || leaves_[leaf] == 0) continue;
    writer.varint(leaf - next);
    writer.u64(leaves_[leaf]);
    next = leaf + 1;
  }
  writer.varint(kLeaves - next);
  writer.u64(base::hash64(bytes));
  return bytes;
}

Status HashTree::restore(std::string_view bytes, uint64_t life) {
  if (bytes.size() < sizeof(uint64_t)) return corrupt("is cut short");
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(uint64_t));
  base::Reader checksum(bytes.substr(body.size()));
  if (checksum.u64() != base::hash64(body)) return corrupt("fails its checksum");
  base::Reader reader(body);
  if (reader.u8() != kFormatVersion) return corrupt("has a version unknown here");
  if (reader.u64() != life) {
    return {base::Code::kInvalidArgument,
            "the stored hash tree is of an earlier life of the store"};
  }
  const std::bitset<kSections> ready(reader.u32());
  std::vector<uint64_t> leaves(kLeaves);
  for (uint64_t leaf = reader.count(kLeaves); leaf < kLeaves && !reader.has_failed();) {
    leaves[leaf] = reader.u64();
    leaf += 1 + reader.count(kLeaves - leaf - 1);
  }
  if (!reader.is_complete()) return corrupt("has leaves that cannot be");
  leaves_ = std::move(leaves);
  ready_ = ready;
  return Status::ok();
}

}  // namespace distkv::replica
