// The accepted connections of a node, each with an id that is never used again.
//
// Happy path: accept(); each frame goes to on_request; reply() queues; the other end closes and
// on_connection_closed says so, once per connection, whoever closed it.
// Failures: bytes that are no frames, or a frame over the limit, close the connection with a
// warning and without an answer. A client that does not read its replies is not read from either,
// beyond kReplyQueuePauseBytes; it is closed at kReplyQueueBytesMax. One that leaves a frame
// unfinished, or its replies unread, and moves no byte of it from one sweep to the next is closed:
// it would hold memory that others need. One that does not let itself be closed is closed by force
// after kCloseTimeout. Who frees: the table owns the connections; one
// is destroyed when its stream ends, always from the loop and never within reply() or close().
//
// A connection whose first frame is a Greeting is a peer's, and may send kPeerFrameBytesMax.
#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/types.h"
#include "runtime/outbox.h"
#include "wire/network.h"

namespace distkv::runtime {

// Below the usual limit of file descriptors of a service (65536) with room for the store's files.
inline constexpr size_t kConnectionsMax = 10000;
// Half a turn's worth of large values: enough to keep a socket busy, small enough times thousands.
inline constexpr size_t kReplyQueuePauseBytes = 4 * 1024 * 1024;
// Replies to requests read before the pause: two of the largest frames between nodes, doubled.
inline constexpr size_t kReplyQueueBytesMax = 256 * 1024 * 1024;
// Far above any pause of a network that is alive. Who stands still is closed after one to two.
inline constexpr base::Duration kStallSweep = std::chrono::seconds(30);
// For the last replies to reach a client that still reads.
inline constexpr base::Duration kCloseTimeout = std::chrono::seconds(5);
// One line about refused connections at most this often.
inline constexpr base::Duration kRefusalLogInterval = std::chrono::seconds(1);

class Connections {
 public:
  // All must outlive this.
  Connections(Outbox& outbox, wire::NetworkEvents& events, base::Log& log,
              base::Duration stall_sweep = kStallSweep);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Takes the connection that waits at `server`; closes it at once if there are `limit` already.
  void accept(uv_stream_t* server, size_t limit = kConnectionsMax);
  // See wire::Network.
  void reply(base::ConnectionId to, std::string_view frame);
  void close(base::ConnectionId id);
  // Ends those whose replies passed the bound.
  void on_turn_end();
  size_t size() const { return table_.size(); }
  // Of replies to all of them, not yet taken by the kernel.
  size_t reply_bytes_queued() const { return reply_bytes_queued_; }

 private:
  class Connection;

  void sweep();

  Connection* find(base::ConnectionId id);
  void log_refusal();
  void forget(base::ConnectionId id);

  Outbox& outbox_;
  wire::NetworkEvents& events_;
  base::Log& log_;
  const base::Duration stall_sweep_;
  base::TimerId sweep_timer_;
  size_t reply_bytes_queued_ = 0;
  uint64_t last_id_ = 0;
  base::MonotonicTime quiet_until_{};  // No line about refusals before.
  std::vector<base::ConnectionId> overflowing_;
  std::unordered_map<base::ConnectionId, std::unique_ptr<Connection>> table_;
};

}  // namespace distkv::runtime
