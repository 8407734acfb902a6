// The command line of distkv-bench as a value. Every limit is judged here; what comes out can be
// run as it stands.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "wire/messages.h"

namespace distkv::bin::bench {

inline constexpr size_t kClientsMax = 9000;  // A server takes 10,000 connections.
inline constexpr size_t kDepthMax = 4096;    // Beyond it only queues in the server grow.
inline constexpr uint64_t kKeysMax = 1'000'000'000'000;  // Twelve digits: keys of one length.

struct Options {
  std::vector<std::string> servers{"localhost:8080"};  // Each "host:port".
  size_t clients = 50;                                 // Connections, over all servers.
  size_t depth = 1;                                    // Operations under way on each.
  uint64_t keys = 100'000;
  size_t value_size = 100;  // Bytes.
  double read_share = 0.5;  // The rest are puts.
  wire::Consistency consistency = wire::Consistency::kQuorum;
  std::chrono::nanoseconds length = std::chrono::seconds(10);
  std::chrono::nanoseconds warm_up = std::chrono::seconds(1);
  std::chrono::milliseconds timeout = std::chrono::seconds(5);  // Of one operation.
  uint64_t seed = 1;
  bool is_json = false;
  bool loads_first = false;  // Every key is put before anything is measured.
};

struct CommandLine {
  Options options;
  bool wants_help = false;
  bool wants_version = false;
};

// `arguments` without the program's name. kInvalidArgument with a sentence for the user.
base::Result<CommandLine> parse(const std::vector<std::string>& arguments);
std::string help();

}  // namespace distkv::bin::bench
