// The newest writes, in memory: an ordered hash table a space, so that a point access costs a few
// cache misses and a flush walks (token, key) order without sorting. A million keys under one token
// stay logarithmic.
//
// Written by its owner until freeze(); from then on immutable, and any thread may read it. A key's
// newest version replaces the one before (whose bytes stay in the arena until the table goes), so
// one version a key comes out. Views stay valid as long as the memtable.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "storage/durability_gate.h"
#include "storage/engine.h"
#include "storage/lsm/memtable/arena.h"
#include "storage/lsm/memtable/ordered_table.h"
#include "storage/lsm/row.h"

namespace distkv::storage::lsm {

class Memtable {
 public:
  // What it holds of a key.
  struct Version {
    EntryView entry;
    bool is_erased = false;
    Sequence written;        // The newest write.
    Sequence written_group;  // The newest write under Durability::kGroup, 0 if none here.
  };

  // `pool` may be null: then chunks come from the system and go back there.
  explicit Memtable(std::shared_ptr<ArenaPool> pool);

  // Starts fetching what find() of this key will touch; to be called some work ahead.
  void prefetch(const KeyRef& key) const;
  std::optional<Version> find(const KeyRef& key) const;
  // Puts (null entry: erases) in one descent. Not after freeze(). Sequences ascend. Returns
  // whether the key had a version here before.
  bool put(const KeyRef& key, const EntryView* entry, Sequence sequence, Durability durability);

  void freeze() { is_frozen_ = true; }
  bool is_frozen() const { return is_frozen_; }

  // All rows of `space` at or after `from` (after it, if `is_after`). While the memtable is not
  // frozen the walk is the owner's and ends with the next put.
  std::unique_ptr<Rows> rows(Space space, const PlaceView& from, bool is_after) const;

  // Keys, erased ones included, in one space or all.
  size_t keys(Space space) const { return table(space).keys(); }
  size_t keys() const;
  bool is_empty() const { return keys() == 0; }
  // All memory it holds, replaced versions included; but for the fixed part of a space in use
  // (64 KiB), and what is left of the last chunk of its arena.
  size_t bytes() const { return arena_.bytes(); }
  // Sequences of the first and last put; 0 if empty.
  Sequence first() const { return first_; }
  Sequence last() const { return last_; }

  // How the keys of a space lie, for tests.
  OrderedTable::Shape shape(Space space) const { return table(space).shape(); }

 private:
  static constexpr size_t kSpaces = 3;

  // Spaces are numbered from 1.
  static size_t position(Space space) { return static_cast<size_t>(space) - 1; }
  const OrderedTable& table(Space space) const { return tables_[position(space)]; }
  void set_content(EntryNode& node, bool is_new, const EntryView& entry);

  Arena arena_;
  std::array<OrderedTable, kSpaces> tables_;
  bool is_frozen_ = false;
  Sequence first_;
  Sequence last_;
};

}  // namespace distkv::storage::lsm
