// One client of a check: reads, writes with and without a context, deletes, and settles siblings,
// until its time is over. Runs on a thread of its own.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/rng.h"
#include "bin/bench/histogram.h"
#include "bin/check/keys.h"
#include "bin/check/options.h"
#include "bin/check/recorder.h"

namespace distkv::bin::check {

// Of reads, or of writes: how many ended how, and how long the answered ones took.
struct Figures {
  std::array<uint64_t, 3> counts{};  // By history::Outcome.
  bench::Histogram latency;

  void add(const history::Operation& operation);
  uint64_t count(history::Outcome outcome) const { return counts[static_cast<size_t>(outcome)]; }
};

// The servers, beginning with another for each number, so that clients spread over all of them.
ClientOptions turned(ClientOptions options, uint64_t number);

class Worker {
 public:
  // `keys` outlives this; `run` is in each value, `pause` between two operations.
  Worker(const Options& options, uint32_t number, uint64_t seed, std::string run, Keys& keys,
         base::Duration pause);

  // Until `deadline`, or until it recorded its share of kOperationsMax.
  void work(base::MonotonicTime deadline);
  bool is_full() const { return recorder_.history().size() >= operations_max_; }
  Recorder& recorder() { return recorder_; }

 private:
  void act(Client& client);
  void modify(Client& client, const std::string& key);
  void write(Client& client, const std::string& key, const std::optional<Known>& known);
  void learn(const std::string& key, std::optional<Known> known);
  std::optional<Known> known_of(const std::string& key) const;
  std::string next_value();

  const Options& options_;
  uint32_t number_;
  base::Rng rng_;
  std::string run_;
  Keys& keys_;
  base::Duration pause_;
  size_t operations_max_;
  Recorder recorder_;
  std::map<std::string, Known> session_;
  uint64_t values_ = 0;
};

}  // namespace distkv::bin::check
