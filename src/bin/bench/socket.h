// A TCP socket that never waits, and the addresses it may connect to. Owns its descriptor.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace distkv::bin::bench {

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

// Raises this program's own limit of open files so that it may hold `count` sockets. kOverloaded if
// the system allows fewer.
base::Status allow_sockets(size_t count);

// Every address of "host:port", at least one. Waits for the name service. kUnavailable if there is
// none.
base::Result<std::vector<Address>> resolve(const std::string& server);

class Socket {
 public:
  Socket() = default;
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, kNone)) {}
  Socket& operator=(Socket&& other) noexcept;

  // Starts connecting; the descriptor becomes writable when that has ended. kIo if it cannot start.
  base::Status connect(const Address& address);
  // How connecting ended, once it has. kLost with the system's reason.
  base::Status connected() const;
  void close();

  // How many bytes were taken: 0 when it would wait. Negative: the connection is broken.
  ssize_t send(std::string_view bytes) const;
  // How many bytes came: 0 when it would wait. Negative: the connection has ended.
  ssize_t receive(std::span<char> into) const;

  bool is_open() const { return descriptor_ != kNone; }
  int descriptor() const { return descriptor_; }

 private:
  static constexpr int kNone = -1;
  int descriptor_ = kNone;
};

// Connects and waits, at most a second, to learn whether the server is there. kUnavailable with the
// reason if not.
base::Status probe(const std::string& server, const std::vector<Address>& addresses);

}  // namespace distkv::bin::bench
