// A plain blocking-free socket that speaks whatever bytes a test gives it.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "runtime/endpoint.h"

namespace distkv::runtime {

class RawClient {
 public:
  // `receive_buffer_bytes` zero: as the kernel likes.
  explicit RawClient(const base::Endpoint& to, int receive_buffer_bytes = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const base::Result<HostPort> parts = split(to);
    REQUIRE(parts.is_ok());
    if (receive_buffer_bytes > 0) {
      REQUIRE(::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                           sizeof receive_buffer_bytes) == 0);
    }
    REQUIRE(::connect(socket_, numeric_address(*parts)->raw(), sizeof(sockaddr_in)) == 0);
    REQUIRE(::fcntl(socket_, F_SETFL, O_NONBLOCK) == 0);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // How many bytes the kernel took.
  size_t write(std::string_view bytes) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return count > 0 ? static_cast<size_t>(count) : 0;
  }
  // Appends what has come to `received`; notes the end of the stream.
  void read() {
    char buffer[65536];
    for (;;) {
      const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
      if (count > 0) {
        received.append(buffer, static_cast<size_t>(count));
        continue;
      }
      is_at_end = is_at_end || count == 0 || errno == ECONNRESET;
      return;
    }
  }
  bool reads_end() {
    read();
    return is_at_end;
  }

  std::string received;
  bool is_at_end = false;

 private:
  int socket_;
};

}  // namespace distkv::runtime
