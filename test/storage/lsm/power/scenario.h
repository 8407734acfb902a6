// What happens to one store over several lives, each ended by a power cut, and whether it kept its
// promises in between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "storage/lsm/power/life.h"

namespace distkv::storage::lsm::test {

struct Scenario {
  uint64_t seed = 1;
  // The disk operation of the first life at which the power goes; 0: it ends without a cut, and is
  // only measured.
  uint64_t cut_at = 0;
};

struct Outcome {
  uint64_t operations = 0;     // Of the disk, in the first life.
  uint64_t bytes_flushed = 0;  // Into tables, likewise.
  uint64_t bytes_merged = 0;
  std::optional<std::string> complaint;  // What promise was broken, and where.
};

Outcome play(const Scenario& scenario);

// What every story begins with: how the system caches, and a place for checkpoints.
void prepare(World& world, uint64_t seed);
// Opens a checkpoint: what is wrong with it, or nothing.
std::optional<std::string> complaint_of(World& world, uint64_t seed, const Copy& copy);

}  // namespace distkv::storage::lsm::test
