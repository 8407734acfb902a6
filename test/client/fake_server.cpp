#include "client/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/check.h"

namespace distkv::test {

LoopbackPort::LoopbackPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(place);
  auto* const generic = reinterpret_cast<sockaddr*>(&place);
  DISTKV_CHECK(::bind(socket_, generic, size) == 0);
  DISTKV_CHECK(::getsockname(socket_, generic, &size) == 0);
  address_ = "127.0.0.1:" + std::to_string(ntohs(place.sin_port));
}

LoopbackPort::~LoopbackPort() { close(); }

void LoopbackPort::listen() { DISTKV_CHECK(::listen(socket_, 16) == 0); }

void LoopbackPort::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

FakeServer::FakeServer(Script script) : script_(std::move(script)) {
  DISTKV_CHECK(::pipe(stop_pipe_) == 0);
  port_.listen();
  thread_ = std::thread([this] { serve(); });
}

void FakeServer::stop() {
  if (!thread_.joinable()) return;
  DISTKV_CHECK(::write(stop_pipe_[1], "x", 1) == 1);
  thread_.join();
  ::close(stop_pipe_[0]);
  ::close(stop_pipe_[1]);
}

bool FakeServer::wait_for(int socket) const {
  std::array<pollfd, 2> items = {pollfd{stop_pipe_[0], POLLIN, 0}, pollfd{socket, POLLIN, 0}};
  return ::poll(items.data(), items.size(), -1) > 0 && (items[0].revents & POLLIN) == 0;
}

void FakeServer::serve() {
  while (!is_closing_ && wait_for(port_.socket())) {
    const int connection = ::accept(port_.socket(), nullptr, nullptr);
    if (connection < 0) continue;
    serve_connection(connection);
    if (is_closing_) port_.close();  // First, so that whoever sees the end meets a closed door.
    ::close(connection);
  }
}

void FakeServer::serve_connection(int socket) {
  wire::FrameReader reader(wire::kClientFrameBytesMax);
  std::array<char, 64 * 1024> buffer;
  while (wait_for(socket)) {
    const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) return;
    if (!answer(socket, {buffer.data(), static_cast<size_t>(size)}, reader)) return;
  }
}

bool FakeServer::answer(int socket, std::string_view bytes, wire::FrameReader& reader) {
  bool goes_on = true;
  const base::Status fed = reader.feed(bytes, [&](const wire::FrameView& frame) {
    const Reaction reaction = script_(frame, encoder_);
    const auto size = static_cast<ssize_t>(reaction.bytes.size());
    goes_on = ::send(socket, reaction.bytes.data(), reaction.bytes.size(), MSG_NOSIGNAL) == size &&
              !reaction.is_final && !reaction.is_last;
    is_closing_ = is_closing_ || reaction.is_last;
    return goes_on;
  });
  return fed.is_ok() && goes_on;
}

}  // namespace distkv::test
