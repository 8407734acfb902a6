// What happens to one store whose disk does one thing wrong, once or from then on, until it works
// again: whether every question was answered, the store healed where it can, and a restart finds
// what was promised.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "storage/io/sim_faults.h"

namespace distkv::storage::lsm::test {

// What goes wrong, and where; `is_full` instead: space ends, and comes back. `has_power` keeps the
// machine up when the program dies: not tried unless it is named (README.md, "Open").
struct FaultKind {
  const char* name;
  io::test::Operation operation = io::test::Operation::kWrite;
  io::test::Effect effect = io::test::Effect::kNone;
  bool is_sticky = false;
  bool is_full = false;
  bool has_power = false;
};

// All that are tried, by name: "sync lies for ever".
std::span<const FaultKind> fault_kinds();

struct FaultScenario {
  uint64_t seed = 1;
  FaultKind kind;
  // Strikes at this operation of its kind, from 1; for a full disk: so many units of space are
  // left.
  uint64_t nth = 1;
};

struct FaultOutcome {
  bool has_struck = false;               // Else there are fewer operations than that.
  bool has_stopped = false;              // The store stopped, and said so.
  bool is_reported = false;              // What the disk lost was reported as damage.
  std::optional<std::string> complaint;  // What went wrong, and when.
};

FaultOutcome play_fault(const FaultScenario& scenario);

}  // namespace distkv::storage::lsm::test
