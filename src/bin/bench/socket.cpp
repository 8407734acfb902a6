#include "bin/bench/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace distkv::bin::bench {

using base::Code;
using base::Result;
using base::Status;

namespace {

constexpr int kProbeMilliseconds = 1000;  // A server on the same network answers in a few.

std::string reason(int error) { return std::generic_category().message(error); }

// Standard streams, epoll, and what the name service opens.
constexpr rlim_t kOtherFiles = 32;

}  // namespace

Status allow_sockets(size_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = count + kOtherFiles;
  if (limit.rlim_cur >= wanted) return Status::ok();
  const rlimit raised{wanted, limit.rlim_max};
  if (wanted <= limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &raised) == 0) return Status::ok();
  return Status(Code::kOverloaded, std::to_string(count) + " clients need as many open files; " +
                                       "ulimit -n allows " + std::to_string(limit.rlim_max));
}

Result<std::vector<Address>> resolve(const std::string& server) {
  const size_t colon = server.rfind(':');
  std::string host = server.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), server.c_str() + colon + 1, &hints, &found);
  if (code != 0) {
    return Status(Code::kUnavailable, "cannot find " + server + ": " + ::gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    Address address;
    address.size = entry->ai_addrlen;
    std::memcpy(&address.bytes, entry->ai_addr, entry->ai_addrlen);
    addresses.push_back(address);
  }
  return addresses;
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this == &other) return *this;
  close();
  descriptor_ = std::exchange(other.descriptor_, kNone);
  return *this;
}

Status Socket::connect(const Address& address) {
  close();
  constexpr int kFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  descriptor_ = ::socket(address.bytes.ss_family, kFlags, 0);
  if (descriptor_ < 0) return Status(Code::kIo, "cannot make a socket: " + reason(errno));
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* const where = reinterpret_cast<const sockaddr*>(&address.bytes);
  if (::connect(descriptor_, where, address.size) == 0 || errno == EINPROGRESS) return Status::ok();
  const Status failed(Code::kIo, reason(errno));
  close();
  return failed;
}

Status Socket::connected() const {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? Status::ok() : Status(Code::kLost, reason(error));
}

void Socket::close() {
  if (is_open()) ::close(std::exchange(descriptor_, kNone));
}

ssize_t Socket::send(std::string_view bytes) const {
  const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) return count;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

ssize_t Socket::receive(std::span<char> into) const {
  const ssize_t count = ::recv(descriptor_, into.data(), into.size(), 0);
  if (count > 0) return count;
  return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

Status probe(const std::string& server, const std::vector<Address>& addresses) {
  std::string why = "no answer";
  for (const Address& address : addresses) {
    Socket socket;
    const Status started = socket.connect(address);
    pollfd waiting{socket.descriptor(), POLLOUT, 0};
    if (!started.is_ok()) {
      why = started.message();
    } else if (::poll(&waiting, 1, kProbeMilliseconds) == 1) {
      const Status connected = socket.connected();
      if (connected.is_ok()) return connected;
      why = connected.message();
    }
  }
  return Status(Code::kUnavailable, "no server at " + server + ": " + why);
}

}  // namespace distkv::bin::bench
