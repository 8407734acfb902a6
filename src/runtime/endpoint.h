// "host:port" taken apart, and socket addresses as values. Pure: nothing here asks the network.
//
// Happy path: split "localhost:8080" or "[::1]:80", then numeric_address() if the host is a number
// or "localhost" (always 127.0.0.1, so that TCP, UDP and every node mean the same address).
// Failures: kInvalidArgument, with the text that was refused. Who frees: all are values.
#pragma once

#include <uv.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/types.h"

namespace distkv::runtime {

struct HostPort {
  std::string host;  // Without brackets.
  uint16_t port = 0;
};

// An IPv4 or IPv6 address with its port.
class SocketAddress {
 public:
  SocketAddress() = default;
  explicit SocketAddress(const sockaddr* address);

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  bool is_ipv6() const { return storage_.ss_family == AF_INET6; }
  uint16_t port() const;
  void set_port(uint16_t port);
  // The IPv4 address as IPv6 sockets write it (::ffff:a.b.c.d); an IPv6 address is unchanged.
  SocketAddress mapped_to_ipv6() const;
  // Numeric, e.g. "10.0.0.1:8080" or "[::1]:80"; a mapped IPv4 address is written as IPv4.
  base::Endpoint to_endpoint() const;

 private:
  sockaddr_storage storage_{};
};

// The host must not be empty; the port is 0 to 65535. An IPv6 host needs its brackets.
base::Result<HostPort> split(const base::Endpoint& endpoint);
base::Endpoint join(const HostPort& host_port);
// Nullopt if the host is a name that must be looked up.
std::optional<SocketAddress> numeric_address(const HostPort& host_port);

}  // namespace distkv::runtime
