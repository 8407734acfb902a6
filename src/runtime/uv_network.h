// wire::Network over libuv: a datagram socket, a listener with its connections, and a pool of
// outgoing streams, all on one address and one loop.
//
// Happy path: construct, bind(), learn bound_endpoint(), start(); events come while the loop runs.
// Calls made in one turn leave together at its end: one write for each stream.
// Failures: bind() and start() say what is wrong with the address; everything later arrives as an
// event, or as kOverloaded from send().
// Who frees: destroying this closes all sockets, without further events; not within an event. The
// loop frees the handles when it turns next.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/types.h"
#include "runtime/connections.h"
#include "runtime/listener.h"
#include "runtime/loop.h"
#include "runtime/network_stats.h"
#include "runtime/outbox.h"
#include "runtime/peer_pool.h"
#include "runtime/resolver.h"
#include "runtime/udp_socket.h"
#include "wire/network.h"

namespace distkv::runtime {

// Ports tried where TCP got one from the kernel that UDP cannot have.
inline constexpr int kPortAttemptsMax = 32;

// Loop thread only.
class UvNetwork final : public wire::Network, private TurnEnd {
 public:
  // Both must outlive this.
  UvNetwork(Loop& loop, base::Log& log);
  ~UvNetwork() override;

  // Takes the address for TCP and UDP; port 0 means any that is free for both. Others are refused
  // until start(). Waits for the name to be resolved. kInvalidArgument, kUnavailable (no such name)
  // or kIo.
  base::Status bind(const base::Endpoint& endpoint);
  // As given to bind(), with the true port.
  const base::Endpoint& bound_endpoint() const { return bound_; }
  // Begins to accept, receive and send; once. Without bind() it only opens streams, as clients do.
  // `events` must outlive this.
  base::Status start(wire::NetworkEvents& events);

  void send_datagram(const base::Endpoint& to, std::string_view packet) override;
  base::Status send(const base::Endpoint& to, std::string_view frame) override;
  void retry_now(const base::Endpoint& to) override;
  void reply(base::ConnectionId to, std::string_view frame) override;
  size_t reply_bytes_queued() const override {
    return connections_ ? connections_->reply_bytes_queued() : 0;
  }
  void close(base::ConnectionId connection) override;

  const NetworkStats& stats() const { return stats_; }
  size_t connection_count() const { return connections_ ? connections_->size() : 0; }
  // Connections accepted at once; for tests, others keep kConnectionsMax.
  void set_connections_max(size_t connections_max) { connections_max_ = connections_max; }
  // Before start(); for tests likewise.
  void set_stall_sweep(base::Duration stall_sweep) { stall_sweep_ = stall_sweep; }

 private:
  int bind_both(const SocketAddress& address);
  void on_connection(uv_stream_t* server, int code);
  void on_turn_end() override;

  Loop& loop_;
  base::Log& log_;
  NetworkStats stats_;
  Outbox outbox_;
  Resolver resolver_;
  base::Endpoint bound_;
  size_t connections_max_ = kConnectionsMax;
  base::Duration stall_sweep_ = kStallSweep;
  std::unique_ptr<UdpSocket> udp_;
  std::unique_ptr<Listener> listener_;
  std::optional<Connections> connections_;
  std::optional<PeerPool> peers_;
};

}  // namespace distkv::runtime
