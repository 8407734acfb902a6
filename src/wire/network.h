// The seam between a node and the world of packets and streams. The runtime implements it with
// libuv, the simulator with a seeded network; both hand the node the very same events.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"

namespace distkv::wire {

struct FrameHeader;
struct FrameView;

// What a node may do. Calls never block and never call back before they return.
class Network {
 public:
  virtual ~Network() = default;
  // Fire and forget, at most kDatagramBytesMax bytes; lost, repeated or late as UDP may.
  virtual void send_datagram(const base::Endpoint& to, std::string_view packet) = 0;
  // Queues one frame to the peer, opening a stream if there is none; order is kept within a stream.
  // kOverloaded if the peer's queue is full: nothing was queued. Whatever else goes wrong later
  // arrives as peer_lost.
  virtual base::Status send(const base::Endpoint& to, std::string_view frame) = 0;
  // The peer at `to` gave a sign of life: a host that spaces its attempts to reach one that was
  // gone tries again with the next frame.
  virtual void retry_now(const base::Endpoint& to) { (void)to; }
  // Queues one frame on an accepted connection; ignored if that is gone.
  virtual void reply(base::ConnectionId to, std::string_view frame) = 0;
  // Of replies that are queued, to all connections, and not yet taken by the kernel. A host that
  // does not know says zero.
  virtual size_t reply_bytes_queued() const { return 0; }
  // Closes an accepted connection once its queued replies are written.
  virtual void close(base::ConnectionId connection) = 0;
};

// What a node is told. Views live for the length of the call.
class NetworkEvents {
 public:
  virtual ~NetworkEvents() = default;
  // The frame that opens every stream to a peer, before any queued one.
  virtual std::string greeting() = 0;
  virtual void on_datagram(const base::Endpoint& from, std::string_view packet) = 0;
  // A frame begins on an accepted connection: its header is there, its body not yet kept. False: it
  // has been answered already, and is to be dropped as it arrives. True: on_request follows, unless
  // the connection closes first.
  virtual bool on_header(base::ConnectionId from, const FrameHeader& header) = 0;
  // A frame on an accepted connection. Its checksum and length have been checked.
  virtual void on_request(base::ConnectionId from, const FrameView& frame) = 0;
  // A frame on a stream this node opened to `from`.
  virtual void on_reply(const base::Endpoint& from, const FrameView& frame) = 0;
  // The stream to `to` broke or could not be opened: every frame sent to it and not answered is
  // lost or unanswered. Sending again opens a new one (the host spaces the attempts).
  virtual void on_peer_lost(const base::Endpoint& to) = 0;
  virtual void on_connection_closed(base::ConnectionId connection) = 0;
};

}  // namespace distkv::wire
