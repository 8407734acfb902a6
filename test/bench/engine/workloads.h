// What is measured. A workload runs on one open store, with the same keys and values in the same
// order whatever the store, and verifies what it reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/engine/keys.h"
#include "bench/engine/sample.h"
#include "bench/engine/store.h"
#include "bench/engine/ticks.h"
#include "bench/engine/values.h"

namespace distkv::bench {

struct Parameters {
  uint64_t keys = 5'000'000;
  uint64_t value_bytes = 100;
  uint64_t operations_max = 1'000'000;  // Of a workload that is not a fill or an overwrite.
  double seconds_max = 10;              // Likewise, whichever comes first.
  uint64_t log_bytes = 64 << 20;        // What a reopening has to replay.
  double writer_rate = 0;  // Writes a second a single owner makes at least, beside its reads.
  uint64_t seed = 1;
};

// What a workload runs with.
class Session {
 public:
  Session(const Parameters& parameters, const StoreKind& kind);

  const Parameters& parameters;
  const StoreKind& kind;
  const TickClock clock;
  const Values values;
  const Permutation order;  // Of all keys.
};

enum class Start : uint8_t {
  kFilled,   // On the round's records: each key is there once.
  kFilling,  // Makes them, from an empty directory.
  kScratch,  // In a directory of its own that is removed afterwards.
};

struct Workload {
  std::string name;
  std::string meaning;
  Start start = Start::kFilled;
  Measured (*run)(const Session& session, Store& store) = nullptr;  // Null: see reopen.h.
  std::string side;  // What side_per_second counts; empty: nothing.
  // A single owner runs after the others, and does at least as much beside as they did.
  bool matches_peers = false;
};

// In the order a round takes them.
const std::vector<Workload>& workloads();
// Null: there is none of that name.
const Workload* find_workload(std::string_view name);

// The name of the one that is measured by reopening (its `run` is null).
inline constexpr std::string_view kReopen = "reopen";

// Puts every key once, in random order, unmeasured.
void fill(const Session& session, Store& store);

}  // namespace distkv::bench
