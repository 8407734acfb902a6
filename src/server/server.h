// A whole server: everything between the command line and the node, put together for real use.
//
// run(): bind, open the store, start the node, print that it serves, loop until SIGTERM or SIGINT,
// then drain the node and close the store. Failures before serving are a Status that says what to
// do.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "base/types.h"
#include "node/config.h"
#include "server/store.h"

namespace distkv::server {

struct ServerOptions {
  node::Config node;  // `endpoint` empty: what is bound is announced.
  base::Endpoint address{"localhost:8080"};
  StoreOptions store;
  base::LogLevel log_level = base::LogLevel::kInfo;
};

// How a server ended. A stop asked for by a signal is ok.
base::Status run(const ServerOptions& options);

}  // namespace distkv::server
