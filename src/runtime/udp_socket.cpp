#include "runtime/udp_socket.h"

#include <utility>

#include "base/check.h"
#include "wire/frame.h"

namespace distkv::runtime {

UdpSocket::UdpSocket(Loop& loop, NetworkStats& stats)
    : stats_(stats),
      handle_(this, [&loop](uv_udp_t* handle) { return uv_udp_init(loop.raw(), handle); }),
      buffer_(wire::kDatagramBytesMax) {}

int UdpSocket::bind(const SocketAddress& address) {
  is_ipv6_ = address.is_ipv6();
  return uv_udp_bind(handle_.get(), address.raw(), 0);
}

void UdpSocket::receive(OnDatagram on_datagram) {
  on_datagram_ = std::move(on_datagram);
  const int code = uv_udp_recv_start(
      handle_.get(),
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        std::vector<char>& bytes = owner_of<UdpSocket>(handle)->buffer_;
        *buffer = uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
      },
      [](uv_udp_t* handle, ssize_t count, const uv_buf_t* buffer, const sockaddr* from,
         unsigned flags) {
        owner_of<UdpSocket>(handle)->on_received(count, *buffer, from, flags);
      });
  DISTKV_CHECK(code == 0);
}

void UdpSocket::on_received(ssize_t count, const uv_buf_t& buffer, const sockaddr* from,
                            unsigned flags) {
  // No sender: the kernel has no more packets, or an error that some earlier send caused.
  if (count < 0 || from == nullptr || (flags & UV_UDP_PARTIAL) != 0) return;
  ++stats_.datagrams_received;
  on_datagram_(SocketAddress(from).to_endpoint(),
               std::string_view(buffer.base, static_cast<size_t>(count)));
}

void UdpSocket::send(const SocketAddress& to, std::string_view packet) {
  DISTKV_CHECK(packet.size() <= wire::kDatagramBytesMax);
  const SocketAddress target = is_ipv6_ ? to.mapped_to_ipv6() : to;
  const uv_buf_t buffer =
      uv_buf_init(const_cast<char*>(packet.data()), static_cast<unsigned>(packet.size()));
  const int code = uv_udp_try_send(handle_.get(), &buffer, 1, target.raw());
  ++(code >= 0 ? stats_.datagrams_sent : stats_.datagrams_dropped);
}

}  // namespace distkv::runtime
