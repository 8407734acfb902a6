// A server with a script instead of a store: a thread behind a free port of the loopback interface
// that cuts the stream into frames and does with each what the test says.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "wire/frame.h"
#include "wire/messages.h"

namespace distkv::test {

// A loopback port of one's own. Until listen(), connecting to it is refused.
class LoopbackPort {
 public:
  LoopbackPort();
  ~LoopbackPort();
  LoopbackPort(const LoopbackPort&) = delete;
  LoopbackPort& operator=(const LoopbackPort&) = delete;

  void listen();
  void close();
  int socket() const { return socket_; }
  const std::string& address() const { return address_; }

 private:
  int socket_ = -1;
  std::string address_;
};

class FakeServer {
 public:
  struct Reaction {
    std::string bytes;      // Sent back; may be none.
    bool is_final = false;  // The connection is closed then.
    bool is_last = false;   // And no other is accepted any more.
  };
  // Runs on the server's thread, for one frame after another, of one connection after another.
  // What it keeps may be looked at after stop().
  using Script = std::function<Reaction(const wire::FrameView& frame, wire::Encoder& encoder)>;

  explicit FakeServer(Script script);
  ~FakeServer() { stop(); }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  const std::string& address() const { return port_.address(); }
  void stop();

 private:
  void serve();
  // Blocks until `socket` can be read; false once stop() was called.
  bool wait_for(int socket) const;
  void serve_connection(int socket);
  bool answer(int socket, std::string_view bytes, wire::FrameReader& reader);

  Script script_;
  LoopbackPort port_;
  int stop_pipe_[2] = {-1, -1};
  wire::Encoder encoder_;
  bool is_closing_ = false;
  std::thread thread_;
};

// The script that answers each frame with `message`.
template <typename Message>
FakeServer::Reaction reply(const wire::FrameView& frame, wire::Encoder& encoder,
                           const Message& message) {
  return {std::string(encoder.encode(message, frame.request_id))};
}

}  // namespace distkv::test
