// Workloads that only write. Each runs once on a fresh session; see workloads.cpp for their words.
#pragma once

#include <cstddef>

#include "bench/engine/workloads.h"

namespace distkv::bench {

Measured run_fillseq(const Session& session, Store& store);
Measured run_fillrandom(const Session& session, Store& store);
Measured run_overwrite(const Session& session, Store& store);
// With the operations of each second as its series; the longest latency is the longest pause.
Measured run_overload(const Session& session, Store& store);

Measured fill_durably(const Session& session, Store& store, size_t outstanding);
Measured fill_in_batches(const Session& session, Store& store, size_t batch_records);

template <size_t kOutstanding>
Measured run_fillsync(const Session& session, Store& store) {
  return fill_durably(session, store, kOutstanding);
}
template <size_t kRecords>
Measured run_fillbatch(const Session& session, Store& store) {
  return fill_in_batches(session, store, kRecords);
}

}  // namespace distkv::bench
