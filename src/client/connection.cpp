#include "client/connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace distkv::client {

using base::Code;
using base::Result;
using base::Status;

namespace {

struct HostPort {
  std::string host;
  std::string port;
};

// "host:port" or "[v6]:port".
Result<HostPort> split(const std::string& server) {
  const size_t colon = server.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == server.size()) {
    return Status(Code::kInvalidArgument, "'" + server + "' is no address; write host:port");
  }
  std::string host = server.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return HostPort{std::move(host), server.substr(colon + 1)};
}

Result<std::shared_ptr<addrinfo>> resolve(const HostPort& place) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(place.host.c_str(), place.port.c_str(), &hints, &found);
  if (error != 0) {
    return Status(Code::kUnavailable, "no such address: " + std::string(gai_strerror(error)));
  }
  return std::shared_ptr<addrinfo>(found, freeaddrinfo);
}

Status unreachable(const std::string& server, const std::string& why) {
  return {Code::kUnavailable, server + " (" + why + ")"};
}

}  // namespace

void Connection::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  received_.clear();
  reader_ = wire::FrameReader(wire::kPeerFrameBytesMax);
}

Status Connection::fail(Code code, const std::string& why) {
  const std::string server = server_;
  close();
  return {code, server + ": " + why};
}

Status Connection::connect(const std::string& server, Deadline deadline) {
  close();
  server_ = server;
  const Result<HostPort> place = split(server);
  if (!place.is_ok()) return place.status();
  const auto addresses = resolve(*place);
  if (!addresses.is_ok()) return unreachable(server, addresses.status().message());
  Status last;
  // Servers bind IPv4 for names such as localhost, so those addresses are tried first.
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo* address = addresses->get(); address; address = address->ai_next) {
      if (address->ai_family != family) continue;
      last = connect_to(*address, deadline);
      if (last.is_ok()) return last;
    }
  }
  return unreachable(server, last.message());
}

Status Connection::connect_to(const addrinfo& address, Deadline deadline) {
  socket_ = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return {Code::kIo, std::strerror(errno)};
  const int on = 1;
  (void)setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  int error = 0;
  if (::connect(socket_, address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) {
      error = errno;
    } else {
      short ready = 0;
      const Status waited = wait(POLLOUT, deadline, ready);
      if (!waited.is_ok()) {
        close();
        return {Code::kTimedOut, "no answer in time"};
      }
      socklen_t size = sizeof(error);
      (void)getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    }
  }
  if (error == 0) return Status::ok();
  close();
  std::string why = std::strerror(error);
  std::transform(why.begin(), why.begin() + 1, why.begin(), ::tolower);
  return {Code::kUnavailable, why};
}

Status Connection::wait(short events, Deadline deadline, short& ready) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return {Code::kTimedOut, "no answer in time"};
    constexpr int64_t kPollMillisMax = 1 << 30;
    pollfd item{socket_, events, 0};
    const int count = ::poll(&item, 1, static_cast<int>(std::min(left.count(), kPollMillisMax)));
    if (count < 0 && errno != EINTR) return {Code::kIo, std::strerror(errno)};
    ready = item.revents;
    if (count > 0) return Status::ok();
  }
}

Status Connection::send(std::string_view frame, Deadline deadline) {
  while (!frame.empty()) {
    const ssize_t sent = ::send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      frame.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail(Code::kLost, "the connection broke");
    short ready = 0;
    const Status waited = wait(POLLIN | POLLOUT, deadline, ready);
    if (!waited.is_ok()) return fail(waited.code(), waited.message());
    if ((ready & POLLIN) == 0) continue;
    const Status read = read_some();
    if (!read.is_ok()) return read;
  }
  return Status::ok();
}

Status Connection::read_some() {
  std::array<char, 64 * 1024> buffer;
  const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return Status::ok();
  if (size <= 0) return fail(Code::kLost, "the connection broke");
  const Status fed = reader_.feed(
      {buffer.data(), static_cast<size_t>(size)}, [this](const wire::FrameView& frame) {
        received_.push_back({frame.type, frame.request_id, std::string(frame.body)});
        return true;
      });
  if (!fed.is_ok()) return fail(Code::kCorrupt, "no distkv server (" + fed.to_string() + ")");
  return Status::ok();
}

Result<wire::FrameView> Connection::receive(Deadline deadline) {
  while (received_.empty()) {
    short ready = 0;
    const Status waited = wait(POLLIN, deadline, ready);
    if (!waited.is_ok()) return fail(waited.code(), waited.message());
    const Status read = read_some();
    if (!read.is_ok()) return read;
  }
  current_ = std::move(received_.front());
  received_.pop_front();
  return wire::FrameView{current_.type, current_.id, current_.body};
}

}  // namespace distkv::client
