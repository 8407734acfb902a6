// What one run of `distkv-client check` is asked to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "distkv/client.h"

namespace distkv::bin::check {

inline constexpr uint64_t kClientsMax = 256;  // Threads, each with a connection of its own.
inline constexpr uint64_t kKeysMax = 10'000;  // In use at once.
// Recorded, some 200 MB: clients pause so that a run of any length stays below it.
inline constexpr uint64_t kOperationsMax = 500'000;

struct Options {
  std::chrono::milliseconds duration = std::chrono::seconds(30);
  std::chrono::milliseconds settle = std::chrono::seconds(60);  // For replicas to become equal.
  uint64_t clients = 8;
  uint64_t keys = 64;
  std::optional<uint64_t> seed;  // Nullopt: a random one.
  std::string history;           // A file for every operation; empty: none.
  // Of the whole client.
  ClientOptions client;
  Consistency consistency = Consistency::kQuorum;
};

}  // namespace distkv::bin::check
