// What one life of a store is asked, drawn from a seed: the same seed asks every engine the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/rng.h"
#include "storage/engine.h"

namespace distkv::storage::lsm::test {

struct Operation {
  enum class Kind : uint8_t {
    kPut,  // Updates read what they change, so that a lost one shows in the next.
    kErase,
    kKeep,
    kBatch,
    kGet,
    kHead,
    kScan,
    kScanSnapshot,
    kTakeSnapshot,
    kDropSnapshot,
    kDropRange,
    kSync,
    kMerge,  // Everything to tables, and all merges that are due.
    kCheckpoint,
    kReopen,
  } kind = Kind::kGet;
  size_t at = 0;  // Its number in the life.
  Space space = Space::kData;
  base::Token token;
  std::string key;
  Durability durability = Durability::kGroup;
  size_t value_bytes = 0;
  // Of a scan or a drop.
  Range range;
  Part part = Part::kAll;
  size_t items_wanted = 0;
  size_t items_per_page = 1;
  size_t bytes_per_page = 1;
  uint64_t chance = 0;  // For what the engine's surroundings make of it.
};

const char* name_of(Operation::Kind kind);
// For the report of a difference.
std::string text_of(const Operation& operation);

class Operations {
 public:
  explicit Operations(uint64_t seed);
  Operation next();

 private:
  base::Token random_token();
  Operation::Kind random_kind();
  size_t random_value_bytes();

  base::Rng rng_;
  // The shape of this life's keys.
  uint64_t tokens_;
  uint64_t keys_per_token_;
  bool is_clustered_;  // Neighbouring tokens instead of far ones.
  double memory_share_;
  size_t value_bytes_;
  size_t next_ = 0;
};

}  // namespace distkv::storage::lsm::test
