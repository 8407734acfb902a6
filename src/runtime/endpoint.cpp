#include "runtime/endpoint.h"

#include <charconv>
#include <cstring>
#include <string_view>

#include "base/check.h"

namespace distkv::runtime {
namespace {

constexpr std::string_view kLocalhost = "localhost";
constexpr size_t kMappedPrefixBytes = 12;  // Of ::ffff:a.b.c.d, RFC 4291 §2.5.5.2.

base::Status refused(const base::Endpoint& endpoint) {
  return {base::Code::kInvalidArgument,
          "\"" + endpoint.value() + "\" is no address; write host:port, e.g. localhost:8080 or " +
              "[::1]:8080"};
}

// Where the host ends and ":port" starts; npos if there is no such place.
size_t find_port_colon(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const size_t bracket = text.find("]:");
    return bracket == std::string_view::npos ? bracket : bracket + 1;
  }
  const size_t colon = text.find(':');
  return colon == text.rfind(':') ? colon : std::string_view::npos;
}

sockaddr_in ipv4_of(const sockaddr_storage& storage) {
  sockaddr_in address{};
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

sockaddr_in6 ipv6_of(const sockaddr_storage& storage) {
  sockaddr_in6 address{};
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address) {
  DISTKV_CHECK(address->sa_family == AF_INET || address->sa_family == AF_INET6);
  const size_t bytes = address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  std::memcpy(&storage_, address, bytes);
}

// The port stands at the same place in both families.
uint16_t SocketAddress::port() const { return ntohs(ipv4_of(storage_).sin_port); }

void SocketAddress::set_port(uint16_t port) {
  const in_port_t wire_port = htons(port);
  std::memcpy(reinterpret_cast<char*>(&storage_) + offsetof(sockaddr_in, sin_port), &wire_port,
              sizeof wire_port);
}

SocketAddress SocketAddress::mapped_to_ipv6() const {
  if (is_ipv6()) return *this;
  const sockaddr_in ipv4 = ipv4_of(storage_);
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = ipv4.sin_port;
  mapped.sin6_addr.s6_addr[10] = 0xff;
  mapped.sin6_addr.s6_addr[11] = 0xff;
  std::memcpy(&mapped.sin6_addr.s6_addr[kMappedPrefixBytes], &ipv4.sin_addr, sizeof ipv4.sin_addr);
  return SocketAddress(reinterpret_cast<const sockaddr*>(&mapped));
}

base::Endpoint SocketAddress::to_endpoint() const {
  char host[INET6_ADDRSTRLEN] = "";
  if (is_ipv6()) {
    const sockaddr_in6 ipv6 = ipv6_of(storage_);
    if (IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr)) {
      uv_inet_ntop(AF_INET, &ipv6.sin6_addr.s6_addr[kMappedPrefixBytes], host, sizeof host);
    } else {
      uv_inet_ntop(AF_INET6, &ipv6.sin6_addr, host, sizeof host);
    }
  } else {
    const sockaddr_in ipv4 = ipv4_of(storage_);
    uv_inet_ntop(AF_INET, &ipv4.sin_addr, host, sizeof host);
  }
  return join({host, port()});
}

base::Result<HostPort> split(const base::Endpoint& endpoint) {
  const std::string_view text = endpoint.value();
  const size_t colon = find_port_colon(text);
  if (text.size() > base::kEndpointBytesMax || colon == std::string_view::npos) {
    return refused(endpoint);
  }
  std::string_view host = text.substr(0, colon);
  if (!host.empty() && host.front() == '[') host = host.substr(1, host.size() - 2);
  const std::string_view digits = text.substr(colon + 1);
  HostPort result{std::string(host), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (host.empty() || !is_number) return refused(endpoint);
  return result;
}

base::Endpoint join(const HostPort& host_port) {
  const bool is_ipv6 = host_port.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + host_port.host + "]" : host_port.host;
  return base::Endpoint(host + ":" + std::to_string(host_port.port));
}

std::optional<SocketAddress> numeric_address(const HostPort& host_port) {
  const std::string host = host_port.host == kLocalhost ? "127.0.0.1" : host_port.host;
  sockaddr_in ipv4{};
  if (uv_ip4_addr(host.c_str(), host_port.port, &ipv4) == 0) {
    return SocketAddress(reinterpret_cast<const sockaddr*>(&ipv4));
  }
  sockaddr_in6 ipv6{};
  if (uv_ip6_addr(host.c_str(), host_port.port, &ipv6) == 0) {
    return SocketAddress(reinterpret_cast<const sockaddr*>(&ipv6));
  }
  return std::nullopt;
}

}  // namespace distkv::runtime
