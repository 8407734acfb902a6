// What a process has used, as the kernel counts it.
#pragma once

#include <cstdint>
#include <string>

#include "bench/engine/store.h"

namespace distkv::bench {

struct Usage {
  double cpu_seconds = 0;      // User and system, all threads.
  double machine_seconds = 0;  // CPU time of all programs on the machine.
  uint64_t written_bytes = 0;  // Given to write calls: files, and a few lines of answer.
};

Usage usage_now();

// Resident memory: forget the peak so far, and the peak since.
void reset_peak();
uint64_t peak_bytes();

// Allocated on disk below `directory`.
uint64_t disk_bytes(const std::string& directory);

// Lets the store's background work come to rest: until the process has used next to nothing for
// half a second. Gives up, and says so, after two minutes.
void settle(Store& store);

}  // namespace distkv::bench
