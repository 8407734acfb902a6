// What a run, or many, amounted to: broken properties, counts, and the hash that two runs of one
// seed must share.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/types.h"
#include "sim/sometimes.h"
#include "sim/steps.h"
#include "sim/strikes.h"
#include "sim/tally.h"
#include "sim/truth.h"

namespace distkv::sim {

struct RunReport {
  uint64_t seed = 0;
  base::Id128 hash;
  base::Duration simulated{};
  uint64_t events = 0;
  Tally tally;
  Violations violations;
  uint32_t nodes = 0;
  StepList steps;       // If they were asked for.
  StrikePlaces places;  // Of a scenario. Stays with the run: not encoded.
};

// The line that replays a run.
struct Replay {
  uint64_t seed = 0;
  uint32_t nodes = 0;  // Zero: drawn.
  uint32_t seconds = 0;
  std::string_view engine = "lsm";
  bool is_swarm = false;
  std::string_view scenario{};  // Its file; empty: none.
  std::string strike{};
  Selection selection{};
};
std::string replay_line(const Replay& replay);

// To cross from a forked run to its parent.
std::string encode_report(const RunReport& report);
// False if `bytes` are not one whole report.
bool decode_report(std::string_view bytes, RunReport& report);

// Takes runs in the order of their seeds, whoever ran them.
class Summary {
 public:
  void add(const RunReport& report);
  // `real`: how long all of it took.
  std::string to_string(base::Duration real) const;
  // The points that no run reached, one name a line; empty: there is none.
  std::string unreached() const;
  uint64_t runs() const { return runs_; }
  uint64_t failures() const { return failures_; }
  base::Id128 hash() const { return hash_; }

 private:
  std::string points_to_string() const;

  uint64_t runs_ = 0;
  uint64_t failures_ = 0;
  uint64_t events_ = 0;
  base::Duration simulated_{};
  Tally tally_;
  std::array<uint64_t, kPoints.size()> reached_{};  // In how many runs each point was.
  base::Id128 hash_;
};

}  // namespace distkv::sim
