// What the load asks for: the mix of gets and puts, uniform keys, random values. Deterministic: a
// seed gives one sequence of operations.
//
// Invariant: nothing is allocated after construction. Values are slices of one random pool, so that
// they cost nothing and still do not compress to nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/rng.h"
#include "bin/bench/options.h"

namespace distkv::bin::bench {

// The views live until the next call on the workload that made it.
struct Operation {
  bool is_read = false;
  std::string_view key;
  std::string_view value;  // Empty for a read.
  base::OpId op_id;        // Zero for a read.
};

class Workload {
 public:
  explicit Workload(const Options& options);

  // From here on: each key once, as puts, then nothing more.
  void put_each_key();
  // From here on: the mix, without end.
  void mix();
  // From here on: nothing more.
  void stop() { remaining_ = 0; }

  bool is_exhausted() const { return remaining_ == 0; }
  // Not when exhausted.
  Operation next();

 private:
  static constexpr size_t kKeyDigits = 12;
  static constexpr size_t kKeyBytes = 3 + kKeyDigits;

  std::string_view key(uint64_t number);

  const uint64_t keys_;
  const size_t value_bytes_;
  const double read_share_;
  base::Rng rng_;
  std::string pool_;
  std::array<char, kKeyBytes> key_;
  bool is_mixed_ = true;
  uint64_t remaining_ = UINT64_MAX;
};

}  // namespace distkv::bin::bench
