#include "runtime/listener.h"

#include <utility>

namespace distkv::runtime {

Listener::Listener(Loop& loop)
    : handle_(this, [&loop](uv_tcp_t* handle) { return uv_tcp_init(loop.raw(), handle); }) {}

int Listener::bind(const SocketAddress& address) {
  const int code = uv_tcp_bind(handle_.get(), address.raw(), 0);
  if (code != 0) return code;
  // Also where libuv says that the address is in use: its bind keeps that to itself.
  sockaddr_storage storage{};
  int bytes = sizeof storage;
  const int named =
      uv_tcp_getsockname(handle_.get(), reinterpret_cast<sockaddr*>(&storage), &bytes);
  if (named == 0) bound_ = SocketAddress(reinterpret_cast<const sockaddr*>(&storage));
  return named;
}

int Listener::listen(OnConnection on_connection) {
  on_connection_ = std::move(on_connection);
  return uv_listen(reinterpret_cast<uv_stream_t*>(handle_.get()), kListenBacklog,
                   [](uv_stream_t* server, int code) {
                     owner_of<Listener>(server)->on_connection_(server, code);
                   });
}

}  // namespace distkv::runtime
