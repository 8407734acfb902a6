// The datagram socket of a node.
//
// Happy path: bind(), receive(); send() hands one packet to the kernel at once.
// Failures: bind() says what is wrong with the address; everything later is lost packets, as UDP
// may: a full kernel buffer, an address of a family this socket cannot reach, a packet too long.
// Who frees: the handle frees itself when closed (handle.h).
#pragma once

#include <uv.h>

#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/endpoint.h"
#include "runtime/handle.h"
#include "runtime/loop.h"
#include "runtime/network_stats.h"

namespace distkv::runtime {

class UdpSocket {
 public:
  // The views live for the call.
  using OnDatagram = std::function<void(const base::Endpoint& from, std::string_view packet)>;

  UdpSocket(Loop& loop, NetworkStats& stats);

  // libuv's code, e.g. UV_EADDRINUSE.
  int bind(const SocketAddress& address);
  void receive(OnDatagram on_datagram);
  // At most wire::kDatagramBytesMax bytes.
  void send(const SocketAddress& to, std::string_view packet);

 private:
  void on_received(ssize_t count, const uv_buf_t& buffer, const sockaddr* from, unsigned flags);

  NetworkStats& stats_;
  Handle<uv_udp_t> handle_;
  bool is_ipv6_ = false;
  OnDatagram on_datagram_;
  std::vector<char> buffer_;
};

}  // namespace distkv::runtime
