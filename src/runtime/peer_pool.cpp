#include "runtime/peer_pool.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/timers.h"
#include "runtime/stream.h"
#include "wire/frame.h"

namespace distkv::runtime {

class PeerPool::Peer final : public StreamEvents {
 public:
  Peer(PeerPool& pool, base::Endpoint endpoint) : pool_(pool), endpoint_(std::move(endpoint)) {}
  ~Peer() override { timers().stop(connect_timer_); }

  base::Status send(std::string_view frame);
  void end_rest() {
    rests_until_ = {};
    next_rest_ = kRestMin;
  }
  bool is_idle() const { return state_ == State::kIdle; }
  bool is_connecting(uint64_t attempt) const {
    return state_ == State::kConnecting && attempt_ == attempt;
  }
  // At the end of the turn that sent the first frame.
  void leave_due();
  void on_resolved(const base::Result<SocketAddress>& address);

  void on_connected() override;
  void on_bytes(std::string_view bytes) override;
  void on_written() override {}
  void on_end(const base::Status& why) override { lose(why); }

 private:
  enum class State : uint8_t { kIdle, kDue, kConnecting, kOpen };

  size_t bytes_queued() const { return queue_.size() + (stream_ ? stream_->bytes_queued() : 0); }
  void open();
  void lose(const base::Status& why);
  void rest(const base::Status& why);
  bool on_frame(const wire::FrameView& frame);
  base::Timers& timers() { return pool_.outbox_.loop().timers(); }

  PeerPool& pool_;
  const base::Endpoint endpoint_;
  State state_ = State::kIdle;
  uint64_t attempt_ = 0;  // Of the pool: tells a late lookup from the one waited for.
  std::string queue_;     // Frames sent before the stream is open.
  std::unique_ptr<Stream> stream_;
  wire::FrameReader reader_{wire::kPeerFrameBytesMax};
  base::TimerId connect_timer_;
  base::MonotonicTime rests_until_{};
  base::Duration next_rest_ = kRestMin;
};

base::Status PeerPool::Peer::send(std::string_view frame) {
  if (bytes_queued() + frame.size() > kPeerQueueBytesMax) {
    ++pool_.outbox_.stats().sends_overloaded;
    return {base::Code::kOverloaded, "the queue to " + endpoint_.value() + " is full"};
  }
  ++pool_.outbox_.stats().frames_queued;
  if (state_ == State::kOpen) {
    stream_->queue(frame);
    return base::Status::ok();
  }
  queue_.append(frame);
  if (state_ == State::kIdle) {
    state_ = State::kDue;
    pool_.due_.push_back(endpoint_);
    pool_.outbox_.loop().request_turn();
  }
  return base::Status::ok();
}

void PeerPool::Peer::leave_due() {
  DISTKV_CHECK(state_ == State::kDue);
  if (pool_.outbox_.loop().now() >= rests_until_) return open();
  lose({base::Code::kLost, "resting after a failure"});
}

void PeerPool::Peer::open() {
  state_ = State::kConnecting;
  attempt_ = ++pool_.last_attempt_;
  connect_timer_ = timers().start(kConnectTimeout, [this] {
    lose({base::Code::kTimedOut, "no connection in time"});
  });
  pool_.resolver_.resolve(endpoint_, [pool = &pool_, endpoint = endpoint_, attempt = attempt_](
                                         const base::Result<SocketAddress>& address) {
    Peer* const peer = pool->find(endpoint);
    if (peer != nullptr && peer->is_connecting(attempt)) peer->on_resolved(address);
  });
}

void PeerPool::Peer::on_resolved(const base::Result<SocketAddress>& address) {
  if (!address.is_ok()) return lose(address.status());
  stream_ = std::make_unique<Stream>(pool_.outbox_, *this);
  stream_->connect(*address);
}

void PeerPool::Peer::on_connected() {
  timers().stop(connect_timer_);
  stream_->detect_dead_peer(kDeadPeerTimeout);
  reader_ = wire::FrameReader(wire::kPeerFrameBytesMax);
  stream_->queue(pool_.events_.greeting());
  stream_->queue(queue_);
  queue_ = std::string();
  state_ = State::kOpen;
  pool_.log_.debug("peer_connected", {{"peer", endpoint_.value()}});
}

void PeerPool::Peer::on_bytes(std::string_view bytes) {
  const base::Status status =
      reader_.feed(bytes, [this](const wire::FrameView& frame) { return on_frame(frame); });
  if (status.is_ok()) return;
  ++pool_.outbox_.stats().frames_refused;
  pool_.log_.warn("peer_refused_bytes",
                  {{"peer", endpoint_.value()}, {"reason", status.to_string()}});
  stream_->end(status);
}

bool PeerPool::Peer::on_frame(const wire::FrameView& frame) {
  ++pool_.outbox_.stats().frames_received;
  next_rest_ = kRestMin;
  pool_.events_.on_reply(endpoint_, frame);
  return true;
}

// Back to idle before anybody is told, because they may send again at once. They may also make the
// pool forget this peer, so nothing of it is touched afterwards.
void PeerPool::Peer::lose(const base::Status& why) {
  timers().stop(connect_timer_);
  if (state_ != State::kDue) rest(why);
  state_ = State::kIdle;
  queue_ = std::string();
  stream_.reset();
  ++pool_.outbox_.stats().peers_lost;
  const base::Endpoint endpoint = endpoint_;
  pool_.events_.on_peer_lost(endpoint);
}

// A dead peer is logged when it dies, not at every attempt to find it alive.
void PeerPool::Peer::rest(const base::Status& why) {
  if (state_ == State::kOpen || next_rest_ == kRestMin) {
    pool_.log_.warn("peer_lost", {{"peer", endpoint_.value()}, {"reason", why.to_string()}});
  }
  rests_until_ = pool_.outbox_.loop().now() + next_rest_;
  next_rest_ = std::min(2 * next_rest_, kRestMax);
}

PeerPool::PeerPool(Outbox& outbox, Resolver& resolver, wire::NetworkEvents& events, base::Log& log)
    : outbox_(outbox), resolver_(resolver), events_(events), log_(log) {}

PeerPool::~PeerPool() = default;

base::Status PeerPool::send(const base::Endpoint& to, std::string_view frame) {
  Peer* peer = find(to);
  if (peer == nullptr) {
    if (!make_room()) return {base::Code::kOverloaded, "streams to too many peers are open"};
    peer = peers_.emplace(to, std::make_unique<Peer>(*this, to)).first->second.get();
  }
  return peer->send(frame);
}

void PeerPool::retry_now(const base::Endpoint& to) {
  if (Peer* const peer = find(to)) peer->end_rest();
}

PeerPool::Peer* PeerPool::find(const base::Endpoint& endpoint) {
  const auto found = peers_.find(endpoint);
  return found == peers_.end() ? nullptr : found->second.get();
}

bool PeerPool::make_room() {
  if (peers_.size() < kPeersMax) return true;
  const auto idle = std::find_if(peers_.begin(), peers_.end(),
                                 [](const auto& each) { return each.second->is_idle(); });
  if (idle == peers_.end()) return false;
  peers_.erase(idle);
  return true;
}

void PeerPool::on_turn_end() {
  const std::vector<base::Endpoint> due = std::exchange(due_, {});
  for (const base::Endpoint& endpoint : due) {
    Peer* const peer = find(endpoint);
    DISTKV_CHECK(peer != nullptr);  // A due peer is not idle, so it was not forgotten.
    peer->leave_due();
  }
}

}  // namespace distkv::runtime
