// A whole server: everything between the command line and the node, put together for real use.
//
// run(): open the engine, bind, start the node, print that it serves, loop until SIGTERM or SIGINT,
// then drain and close. Failures before serving are a Status that says what to do.
#pragma once

#include <cstdint>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "base/types.h"
#include "node/config.h"

namespace distkv::server {

enum class EngineKind : uint8_t { kLevelDb, kMemory };

struct ServerOptions {
  node::Config node;  // `endpoint` empty: what is bound is announced.
  base::Endpoint address{"localhost:8080"};
  std::string data_dir = "./data";
  EngineKind engine = EngineKind::kLevelDb;
  base::LogLevel log_level = base::LogLevel::kInfo;
};

// How a server ended. A stop asked for by a signal is ok.
base::Status run(const ServerOptions& options);

}  // namespace distkv::server
