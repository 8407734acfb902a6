// A TCP socket that others connect to.
//
// Happy path: bind(), listen(); each waiting connection calls back, and the callback accepts it.
// Failures: bind() and listen() answer libuv's code; a connection that fails before it is accepted
// is reported by its code and is gone.
// Who frees: the handle frees itself when closed (handle.h).
#pragma once

#include <uv.h>

#include <functional>

#include "runtime/endpoint.h"
#include "runtime/handle.h"
#include "runtime/loop.h"

namespace distkv::runtime {

// Connections the kernel completes before they are accepted; more than a turn ever sees.
inline constexpr int kListenBacklog = 1024;

class Listener {
 public:
  // `code` is zero, and then the callback must Stream::accept(server); or why there is none.
  using OnConnection = std::function<void(uv_stream_t* server, int code)>;

  explicit Listener(Loop& loop);

  // Reuses an address whose last owner is gone. libuv's code, e.g. UV_EADDRINUSE.
  int bind(const SocketAddress& address);
  int listen(OnConnection on_connection);
  // With the port the kernel chose, if zero was bound.
  SocketAddress bound() const { return bound_; }

 private:
  Handle<uv_tcp_t> handle_;
  SocketAddress bound_;
  OnConnection on_connection_;
};

}  // namespace distkv::runtime
