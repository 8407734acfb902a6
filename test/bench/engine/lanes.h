// Runs each lane of a durable load in a thread of its own: how a store whose calls block takes many
// writes at once.
#pragma once

#include <thread>
#include <vector>

#include "bench/engine/durable_load.h"

namespace distkv::bench {

// `put(record)` returns when the record is on disk; from many threads at once.
template <typename Put>
void run_lanes(DurableLoad& load, const Put& put) {
  const auto serve = [&load, &put](size_t lane) {
    while (const auto record = load.start(lane)) {
      put(*record);
      load.finish(lane);
    }
  };
  std::vector<std::jthread> threads;
  for (size_t lane = 1; lane < load.lanes(); ++lane) threads.emplace_back(serve, lane);
  serve(0);
}

}  // namespace distkv::bench
