// The rate a store is measured against: that of the better peer in the same run.
//
// Debian builds RocksDB with assertions, which no user of its own build has. Beside such a library
// RocksDB counts as LevelDB's rate of this run times the ratio of their release builds, once
// measured side by side on one machine; or as what was measured, if that is more.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace distkv::bench {

struct JudgedPeer {
  double rate = 0;
  std::string origin;  // "leveldb", or how a figure of RocksDB came about.
};

// RocksDB's rate over LevelDB's, both release builds; nullopt where nobody measured it.
std::optional<double> release_factor(const std::string& workload, uint64_t value_bytes);

// `rates` by store, in operations per second. Nullopt: neither peer is among them.
std::optional<JudgedPeer> judged_peer(const std::map<std::string, double>& rates,
                                      std::optional<double> factor);

}  // namespace distkv::bench
