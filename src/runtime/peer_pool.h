// The streams this node opened to others: one per endpoint, opened by the first frame sent there.
//
//   idle ──send──► due ──turn end──► connecting ──► open
//     ▲             │ (resting: fails)     │          │
//     └─────────────┴──── lost: on_peer_lost, once ───┘
//
// Happy path: frames wait in the peer's queue while the name is resolved and the stream connects;
// then the greeting goes first and the queue after it, in order.
// Failures: refused, unreachable, not connected within kConnectTimeout, broken, or sending bytes
// that are no frames: the queue is dropped, on_peer_lost is called once for all of it, and the peer
// rests for 50 ms, doubling to 1 s until a frame comes back. A frame sent to a resting peer is
// taken and lost at the end of the turn. Nothing is called back within send(). Who frees: the pool
// owns the peers, a peer its stream. Idle peers are forgotten to make room.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/types.h"
#include "runtime/outbox.h"
#include "runtime/resolver.h"
#include "wire/network.h"

namespace distkv::runtime {

// Two of the largest frames: streaming goes on while one is being written.
inline constexpr size_t kPeerQueueBytesMax = 128 * 1024 * 1024;
// Endpoints with a stream, or in memory; far more than a cluster has nodes.
inline constexpr size_t kPeersMax = 1024;
// A local network connects in milliseconds; a second SYN goes out after one second.
inline constexpr base::Duration kConnectTimeout = std::chrono::seconds(3);
// Spares a starting or dead node a storm of attempts, without holding up one that is back.
inline constexpr base::Duration kRestMin = std::chrono::milliseconds(50);
inline constexpr base::Duration kRestMax = std::chrono::seconds(1);
// After this a machine that vanished is taken for gone; well above a pause of the network.
inline constexpr std::chrono::seconds kDeadPeerTimeout{10};

class PeerPool {
 public:
  // All must outlive this.
  PeerPool(Outbox& outbox, Resolver& resolver, wire::NetworkEvents& events, base::Log& log);
  ~PeerPool();
  PeerPool(const PeerPool&) = delete;
  PeerPool& operator=(const PeerPool&) = delete;

  // See wire::Network.
  base::Status send(const base::Endpoint& to, std::string_view frame);
  // wire::Network::retry_now.
  void retry_now(const base::Endpoint& to);
  // Opens what was asked for, and reports what was sent to resting peers.
  void on_turn_end();
  size_t size() const { return peers_.size(); }

 private:
  class Peer;

  Peer* find(const base::Endpoint& endpoint);
  bool make_room();

  Outbox& outbox_;
  Resolver& resolver_;
  wire::NetworkEvents& events_;
  base::Log& log_;
  uint64_t last_attempt_ = 0;
  std::vector<base::Endpoint> due_;
  std::unordered_map<base::Endpoint, std::unique_ptr<Peer>> peers_;
};

}  // namespace distkv::runtime
