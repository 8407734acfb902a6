// Workloads that only read. Each warms up first, unmeasured; see workloads.cpp for their words.
#pragma once

#include "bench/engine/workloads.h"

namespace distkv::bench {

Measured run_readrandom(const Session& session, Store& store);
Measured run_readmissing(const Session& session, Store& store);
Measured run_readhot(const Session& session, Store& store);
Measured run_rangescan(const Session& session, Store& store);
// One pass; has no latencies.
Measured run_seqread(const Session& session, Store& store);

}  // namespace distkv::bench
