#include "bench/engine/child.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <tuple>
#include <utility>

#include "bench/engine/sample.h"
#include "bench/engine/usage.h"

namespace distkv::bench {
namespace {

// What a record adds to the log besides key and value, about, in all stores.
constexpr uint64_t kLogOverheadBytes = 22;
// The log must not be flushed before it is complete: memory for twice its bytes.
constexpr uint64_t kBufferPerLog = 2;

uint64_t log_records(const Parameters& parameters) {
  return parameters.log_bytes / (kKeyBytes + parameters.value_bytes + kLogOverheadBytes) + 1;
}

StoreOptions store_options(const Options& options) {
  return {.directory = options.directory,
          .write_buffer_bytes = kWriteBufferBytes,
          .cache_bytes = options.memory_bytes - kWriteBufferBytes};
}

[[noreturn]] void crash(const Session& session, const Options& options) {
  StoreOptions roomy = store_options(options);
  roomy.write_buffer_bytes = kBufferPerLog * session.parameters.log_bytes;
  const auto store = session.kind.open(roomy);
  const uint64_t records = log_records(session.parameters);
  const Permutation order(records, session.parameters.seed);
  KeyText key;
  ValueText value;
  for (uint64_t i = 0; i < records; ++i) {
    const uint64_t index = order.at(i);
    store->put(key.set(index), session.values.make({.index = index}, value));
  }
  // The last is durable, and with it all before: none is still on its way when the end comes.
  const Record last{key.set(records), session.values.make({.index = records}, value)};
  store->put_batch({&last, 1});
  ::raise(SIGKILL);
  stop("survived SIGKILL");
}

// Opening and the first get; the last record of the log must be there too.
std::pair<Measured, std::unique_ptr<Store>> reopen(const Session& session, const Options& options) {
  KeyText key;
  const uint64_t start = session.clock.now();
  auto store = session.kind.open(store_options(options));
  const bool is_found = store->get(key.set(0)).has_value();
  const uint64_t end = session.clock.now();

  const uint64_t last = log_records(session.parameters);
  const auto value = store->get(key.set(last));
  if (!is_found || !value) stop("a record of the log is gone");
  session.values.verify(last, *value);
  Measured measured;
  measured.latencies.record(session.clock.between(start, end));
  measured.operations = 1;
  measured.seconds = session.clock.seconds_between(start, end);
  return {std::move(measured), std::move(store)};
}

std::unique_ptr<Store> open_filled(const Session& session, const Workload& workload,
                                   const Options& options) {
  auto store = session.kind.open(store_options(options));
  if (!session.kind.is_persistent && workload.start == Start::kFilled) fill(session, *store);
  return store;
}

void run(const Session& session, const Workload& workload, const Options& options) {
  reset_peak();
  const uint64_t held = peak_bytes();
  Measured measured;
  std::unique_ptr<Store> store;
  Usage before;
  uint64_t start = 0;
  if (workload.run == nullptr) {
    before = usage_now();
    start = session.clock.now();
    std::tie(measured, store) = reopen(session, options);
  } else {
    store = open_filled(session, workload, options);
    before = usage_now();
    start = session.clock.now();
    measured = workload.run(session, *store);
  }
  const uint64_t end = session.clock.now();
  settle(*store);

  const Usage after = usage_now();
  Sample sample = measured.to_sample();
  const uint64_t rest = session.clock.now();
  sample.settle_seconds = session.clock.seconds_between(end, rest);
  sample.cpu_seconds = after.cpu_seconds - before.cpu_seconds;
  const double others = after.machine_seconds - before.machine_seconds - sample.cpu_seconds;
  sample.others_cores = std::max(others / session.clock.seconds_between(start, rest), 0.0);
  sample.written_bytes = static_cast<double>(after.written_bytes - before.written_bytes);
  sample.peak_bytes = static_cast<double>(peak_bytes() - held);
  sample.disk_bytes = static_cast<double>(disk_bytes(options.directory));
  std::printf("%s\n", encode(sample).c_str());
}

}  // namespace

int run_child(const Options& options) {
  const auto kind = find_store_kind(options.stores.front());
  const Workload* workload = find_workload(options.workloads.front());
  if (!kind || workload == nullptr) stop("no such store or workload");
  const Session session(options.parameters, *kind);
  if (options.role == Role::kCrash) crash(session, options);
  run(session, *workload, options);
  return 0;
}

}  // namespace distkv::bench
