// Workloads that read and write. See workloads.cpp for their words.
#pragma once

#include "bench/engine/workloads.h"

namespace distkv::bench {

Measured run_update(const Session& session, Store& store);
// A store with threads of its own calls gets one beside its reader, unthrottled. One owner takes
// turns: before each read it writes until it has made as many writes as reads, and as many as
// Parameters::writer_rate asks for.
Measured run_readwhilewriting(const Session& session, Store& store);
// The tenth lies together in the store's own order. Measures the pages.
Measured run_deletescan(const Session& session, Store& store);

}  // namespace distkv::bench
