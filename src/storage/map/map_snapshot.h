// A frozen view of a memory engine: it holds what the range's entries were before the first change
// since it was taken (nothing, if there was none), and reads the rest from the live table. Taking
// one is free; each first change of a key under it costs one copy.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "storage/durability_gate.h"
#include "storage/engine.h"
#include "storage/map/token_table.h"

namespace distkv::storage::map {

// What a range held before it changed; null: the key was absent.
struct Frozen {
  Range range;
  Sequence taken;  // Everything it shows was written at or before this.
  std::map<Place, std::optional<Entry>, PlaceLess> before;

  bool covers(const Range& wanted) const;
  // To be called before the entry at `place` changes from `current` (null or erased: absent).
  void keep(const PlaceView& place, const Slot* current);
};

// The handle callers hold; the engine keeps a weak reference to what it froze.
class MapSnapshot : public Snapshot {
 public:
  explicit MapSnapshot(std::shared_ptr<Frozen> frozen) : frozen_(std::move(frozen)) {}
  const Frozen& frozen() const { return *frozen_; }

 private:
  std::shared_ptr<Frozen> frozen_;
};

// One page of `scan` over the table as it is, or as `frozen` remembers it.
Page read_page(const TokenTable& table, const Scan& scan, const Frozen* frozen);

}  // namespace distkv::storage::map
