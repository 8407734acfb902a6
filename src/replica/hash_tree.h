// The hash tree over the records a node holds: what two replicas compare to find where they differ.
//
// The ring has kLeaves leaves; a token's high bits name its leaf, and a leaf is the XOR of the
// hashes of its records, so a write takes the old hash out and puts the new one in, at any time and
// in any order. A partition is a run of leaves, and its root is their XOR. The tree is the same for
// every layout, and takes 512 KiB whatever the node holds; where a leaf has many keys, replicas
// compare below it by scanning (repair/leaf_walk.h). Dynamo §4.7.
//
// A *section* is what is surveyed at once (repair/tree_survey.h). Invariant: a leaf of a section
// that is ready equals the XOR over all visible records of its tokens.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace distkv::replica {

inline constexpr uint32_t kLeafBits = 16;  // 64 leaves in each of 1024 partitions.
inline constexpr uint32_t kLeaves = 1u << kLeafBits;
// A snapshot each, which flushes what is in memory: more would make many small tables, fewer would
// pin the tables for longer.
inline constexpr uint32_t kSections = 16;
inline constexpr uint32_t kSectionLeaves = kLeaves / kSections;

using Leaf = uint16_t;

Leaf leaf_of(base::Token token);
// Of one leaf, both included.
base::Token first_token(Leaf leaf);
base::Token last_token(Leaf leaf);

// Of one record in its causal state; values are not looked at, since a dot names one value. Zero
// for no record (empty meta). Part of the protocol.
uint64_t record_hash(std::string_view key, std::string_view meta);
// The same in two steps, for who hashes two states of one key.
uint64_t key_hash(std::string_view key);
uint64_t record_hash(uint64_t key_hash, std::string_view meta);
// Half of a record's hash, other bits of it for each salt. Part of the protocol.
uint32_t tag_of(uint64_t record_hash, uint64_t salt);

class HashTree {
 public:
  HashTree() : leaves_(kLeaves) {}

  // A record of this token changed: `change` is its hash before XOR its hash now.
  void toggle(base::Token token, uint64_t change) { leaves_[leaf_of(token)] ^= change; }

  uint64_t leaf(Leaf leaf) const { return leaves_[leaf]; }
  // Over the leaves from `first` to `last`, both included.
  uint64_t root(Leaf first, Leaf last) const;
  // Whether all of them are known to be right.
  bool is_ready(Leaf first, Leaf last) const;

  static uint32_t section_of(Leaf leaf) { return leaf / kSectionLeaves; }
  bool is_section_ready(uint32_t section) const { return ready_[section]; }
  std::vector<uint64_t> section(uint32_t section) const;
  // `error`: what the leaves of the section were at some moment XOR what they should have been
  // then. Mends them, which makes the section ready. How many were wrong.
  size_t settle(uint32_t section, const std::vector<uint64_t>& error);
  // Its records may have changed without a toggle.
  void doubt(uint32_t section) { ready_[section] = false; }

  // The stored form of what is ready (README.md in this folder). `life`: of the store, so that a
  // later one does not take the tree of an earlier for its own.
  std::string encode(uint64_t life) const;
  // Into a tree that was not used yet. kCorrupt for anything encode() cannot have made,
  // kInvalidArgument for another life's; the tree is unchanged then.
  base::Status restore(std::string_view bytes, uint64_t life);

 private:
  std::vector<uint64_t> leaves_;
  std::bitset<kSections> ready_;
};

}  // namespace distkv::replica
