// One workload on one store, in a process of its own, so that memory, CPU time and writes are that
// workload's alone.
//
// Two roles: kRun opens the store of the round (or of a scratch directory), runs, waits for rest,
// and prints a sample; kCrash fills a log in a scratch directory and dies by SIGKILL, for the
// reopening that a kRun of kReopen then measures.
#pragma once

#include "bench/engine/options.h"

namespace distkv::bench {

// The exit code. `options` names one store and one workload.
int run_child(const Options& options);

}  // namespace distkv::bench
