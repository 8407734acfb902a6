#include "runtime/uv_network.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "runtime/signals.h"

namespace distkv::runtime {
namespace {

base::Status bind_failed(const base::Endpoint& endpoint, int code) {
  if (code == UV_EADDRINUSE) {
    return {base::Code::kIo, endpoint.value() +
                                 " is already in use; is another distkv-server running? choose "
                                 "another --address"};
  }
  return {base::Code::kIo, "cannot listen on " + endpoint.value() + ": " + uv_strerror(code)};
}

}  // namespace

UvNetwork::UvNetwork(Loop& loop, base::Log& log)
    : loop_(loop), log_(log), outbox_(loop, stats_), resolver_(loop) {
  ignore_broken_pipes();
}

UvNetwork::~UvNetwork() {
  if (peers_) loop_.remove(*this);
}

base::Status UvNetwork::bind(const base::Endpoint& endpoint) {
  DISTKV_CHECK(!listener_);
  base::Result<HostPort> parts = split(endpoint);
  if (!parts.is_ok()) return parts.status();
  const base::Result<SocketAddress> address = resolve_now(loop_, endpoint);
  if (!address.is_ok()) return address.status();

  int code = bind_both(*address);
  for (int attempt = 1; code == UV_EADDRINUSE && parts->port == 0; ++attempt) {
    if (attempt == kPortAttemptsMax) break;
    code = bind_both(*address);
  }
  if (code != 0) {
    listener_.reset();
    udp_.reset();
    return bind_failed(endpoint, code);
  }
  parts->port = listener_->bound().port();
  bound_ = join(*parts);
  return base::Status::ok();
}

int UvNetwork::bind_both(const SocketAddress& address) {
  listener_ = std::make_unique<Listener>(loop_);
  const int code = listener_->bind(address);
  if (code != 0) return code;
  udp_ = std::make_unique<UdpSocket>(loop_, stats_);
  SocketAddress same_port = address;
  same_port.set_port(listener_->bound().port());
  return udp_->bind(same_port);
}

base::Status UvNetwork::start(wire::NetworkEvents& events) {
  DISTKV_CHECK(!peers_);
  if (listener_) {
    const int code =
        listener_->listen([this](uv_stream_t* server, int error) { on_connection(server, error); });
    if (code != 0) return bind_failed(bound_, code);
    udp_->receive([&events](const base::Endpoint& from, std::string_view packet) {
      events.on_datagram(from, packet);
    });
  }
  connections_.emplace(outbox_, events, log_, stall_sweep_);
  peers_.emplace(outbox_, resolver_, events, log_);
  loop_.add(*this);
  return base::Status::ok();
}

void UvNetwork::on_connection(uv_stream_t* server, int code) {
  if (code == 0) return connections_->accept(server, connections_max_);
  log_.warn("accept_failed", {{"reason", std::string_view(uv_strerror(code))}});
}

void UvNetwork::send_datagram(const base::Endpoint& to, std::string_view packet) {
  if (!udp_) return;
  const base::Result<HostPort> parts = split(to);
  if (!parts.is_ok()) {
    ++stats_.datagrams_dropped;
    return;
  }
  if (const auto address = numeric_address(*parts)) return udp_->send(*address, packet);
  resolver_.resolve(
      to, [this, owned = std::string(packet)](const base::Result<SocketAddress>& address) {
        if (address.is_ok()) return udp_->send(*address, owned);
        ++stats_.datagrams_dropped;
      });
}

base::Status UvNetwork::send(const base::Endpoint& to, std::string_view frame) {
  DISTKV_CHECK(peers_);
  return peers_->send(to, frame);
}

void UvNetwork::retry_now(const base::Endpoint& to) {
  if (peers_) peers_->retry_now(to);
}

void UvNetwork::reply(base::ConnectionId to, std::string_view frame) {
  DISTKV_CHECK(connections_);
  connections_->reply(to, frame);
}

void UvNetwork::close(base::ConnectionId connection) {
  DISTKV_CHECK(connections_);
  connections_->close(connection);
}

// Streams write last, so that what the others queue here leaves in this turn too.
void UvNetwork::on_turn_end() {
  connections_->on_turn_end();
  peers_->on_turn_end();
  outbox_.flush();
}

}  // namespace distkv::runtime
