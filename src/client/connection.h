// One stream to one server, for a caller that may wait: connect, send frames, receive frames, each
// with a deadline. Plain sockets and poll(2); one thread.
//
// Invariant: after any failure the connection is closed; what was sent and not answered may or may
// not have been carried out.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "wire/frame.h"

struct addrinfo;

namespace distkv::client {

using Deadline = std::chrono::steady_clock::time_point;

class Connection {
 public:
  Connection() = default;
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // kUnavailable: nobody listens there, or the name is unknown; nothing was sent. The message is
  // "server (why)". kInvalidArgument: `server` is no address.
  base::Status connect(const std::string& server, Deadline deadline);
  bool is_open() const { return socket_ >= 0; }
  const std::string& server() const { return server_; }
  void close();

  // Sends all of `frame`, taking in what arrives meanwhile so that neither side blocks the other.
  base::Status send(std::string_view frame, Deadline deadline);
  // Waits for the next frame; the view lives until the next call. kLost or kTimedOut.
  base::Result<wire::FrameView> receive(Deadline deadline);

 private:
  struct Owned {
    wire::MessageType type;
    base::RequestId id;
    std::string body;
  };
  base::Status connect_to(const addrinfo& address, Deadline deadline);
  base::Status wait(short events, Deadline deadline, short& ready);
  base::Status read_some();
  base::Status fail(base::Code code, const std::string& why);

  int socket_ = -1;
  std::string server_;
  wire::FrameReader reader_{wire::kPeerFrameBytesMax};
  std::deque<Owned> received_;
  Owned current_{};
};

}  // namespace distkv::client
