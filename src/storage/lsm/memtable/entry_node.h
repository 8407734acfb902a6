// One key of a memtable, in its arena. Invariant: the bytes a node points to are never overwritten,
// so a view taken from it lives as long as the arena.
//
//   EntryNode | tower: `height` pointers | key bytes | meta bytes | value bytes
//                                                     `-- of the first version; a later one lies
//                                                         elsewhere in the arena
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/durability_gate.h"
#include "storage/lsm/row.h"

namespace distkv::storage::lsm {

struct EntryNode {
  EntryNode* next = nullptr;  // The following key of the bucket.
  base::Token token;
  const char* content = nullptr;  // Meta, then value.
  uint32_t key_bytes = 0;
  uint32_t meta_bytes = 0;
  uint32_t value_bytes = 0;
  uint8_t height = 0;  // How many levels of its bucket's index it stands in.
  bool is_erased = false;
  Sequence written;
  Sequence written_group;

  // Its successor on each level of the index.
  EntryNode** tower() { return reinterpret_cast<EntryNode**>(this + 1); }
  char* key_begin() { return reinterpret_cast<char*>(tower() + height); }
  const char* key_begin() const { return const_cast<EntryNode*>(this)->key_begin(); }

  // Where the content of the first version is.
  char* content_begin() { return key_begin() + key_bytes; }

  std::string_view key() const { return {key_begin(), key_bytes}; }
  std::string_view meta() const { return {content, meta_bytes}; }
  std::string_view value() const { return {content + meta_bytes, value_bytes}; }

  bool is_before(const PlaceView& place) const {
    return token != place.token ? token < place.token : key() < place.key;
  }
  bool is_at(const PlaceView& place) const { return token == place.token && key() == place.key; }
};

}  // namespace distkv::storage::lsm
