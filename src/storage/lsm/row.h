// What every part of the LSM passes on: one version of one key, and ordered walks over them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "base/types.h"
#include "storage/engine.h"

namespace distkv::storage::lsm {

// Where a key stands within its space. The view is its giver's.
struct PlaceView {
  base::Token token;
  std::string_view key;
  friend auto operator<=>(const PlaceView&, const PlaceView&) = default;
};

// Tokens from `first` to `last`, both included.
struct TokenSpan {
  base::Token first;
  base::Token last;
  friend bool operator==(const TokenSpan&, const TokenSpan&) = default;
};

// The one hash of a key, for filters (on disk) and the object cache. Keys may share a token, so it
// covers both.
inline uint64_t hash_of(const PlaceView& place) {
  return base::hash64(place.key, place.token.value());
}

// One version of a key. An erased one (a tombstone) has neither meta nor value; it hides what older
// sources say of the key. Views belong to the source and live until it moves.
struct Row {
  PlaceView place;
  std::string_view meta;
  std::string_view value;
  bool is_erased = false;
};

// An ordered walk over one source: each place once, ascending. Single owner. Starts at its first
// row.
class Rows {
 public:
  virtual ~Rows() = default;
  // Nothing is left, or reading failed: see status().
  virtual bool is_at_end() const = 0;
  // Not at the end.
  virtual const Row& row() const = 0;
  virtual void next() = 0;
  // kIo or kCorrupt if the walk ended early; ok if it ended because nothing is left.
  virtual const base::Status& status() const = 0;
};

}  // namespace distkv::storage::lsm
