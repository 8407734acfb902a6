// The closed loop: every connection keeps its share of operations under way, and each answer makes
// room for the next. One thread, epoll.
//
// run(): probe the servers -> [put every key] -> warm up -> measure -> wait for what is under way.
// A connection that breaks, or whose oldest operation has no answer long after its time, loses its
// operations, is counted, and is made again at the next tick; the run goes on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bin/bench/connection.h"
#include "bin/bench/options.h"
#include "bin/bench/tally.h"
#include "bin/bench/workload.h"
#include "wire/messages.h"

namespace distkv::bin::bench {

// What a run found.
struct Findings {
  Tally reads;
  Tally writes;
  std::chrono::nanoseconds measured{};
  uint64_t connections_lost = 0;     // Broken, or given up, while measuring.
  uint64_t connections_refused = 0;  // Attempts that failed while measuring.
  uint64_t keys_not_loaded = 0;      // Puts of --load that were not acknowledged.
  std::string first_error;           // The reason of the first operation not served.
};

class Load {
 public:
  explicit Load(const Options& options);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Once. kUnavailable if no server is there, or none answers while loading.
  base::Result<Findings> run();

 private:
  base::Status find_servers();
  base::Status put_each_key();
  // Until `deadline`, or until the workload is exhausted and nothing is under way.
  void drive(Time deadline);
  bool is_drained() const { return workload_.is_exhausted() && under_way_ == 0; }

  void tick();
  void connect(Connection& connection);
  void serve(Connection& connection, uint32_t events);
  void refill(Connection& connection);
  void lose(Connection& connection);
  void take(Connection& connection, const wire::FrameView& frame);
  void record(const Slot& slot, Outcome outcome);
  void watch(Connection& connection, bool is_new);
  void print_progress();

  const Options options_;
  const RequestTerms terms_;
  Workload workload_;
  wire::Encoder encoder_;
  std::vector<std::vector<Address>> addresses_;  // Of each server; connections refer to them.
  std::vector<Connection> connections_;
  std::vector<char> received_;
  int epoll_;
  size_t depth_;
  size_t under_way_ = 0;
  Time now_;
  Time next_tick_;
  Time next_progress_;
  Time last_answer_;
  Time begun_;
  bool is_loading_ = false;
  Findings findings_;
  Tally second_;  // Since the last line of progress.
};

}  // namespace distkv::bin::bench
