// The native protocol's front: sorts frames of accepted connections into those of clients, which it
// turns into calls on the node, and those of peers, which it hands on. Decides nothing about
// replication. Deterministic like the node; hosts give its events to this class.
#pragma once

#include <string>
#include <string_view>

#include "node/node.h"
#include "wire/messages.h"
#include "wire/network.h"

namespace distkv::server::native {

class NativeFront : public wire::NetworkEvents {
 public:
  // Both must outlive this, and this every request in flight.
  NativeFront(node::Node& node, wire::Network& network) : node_(node), network_(network) {}

  std::string greeting() override;
  void on_datagram(const base::Endpoint& from, std::string_view packet) override;
  bool on_header(base::ConnectionId from, const wire::FrameHeader& header) override;
  void on_request(base::ConnectionId from, const wire::FrameView& frame) override;
  void on_reply(const base::Endpoint& from, const wire::FrameView& frame) override;
  void on_peer_lost(const base::Endpoint& to) override;
  void on_connection_closed(base::ConnectionId connection) override;

 private:
  void on_admin(base::ConnectionId from, const wire::FrameView& frame);
  void on_put(base::ConnectionId from, const wire::FrameView& frame);
  void on_get(base::ConnectionId from, const wire::FrameView& frame);
  void on_status(base::ConnectionId from, const wire::FrameView& frame);
  void on_explain(base::ConnectionId from, const wire::FrameView& frame);
  void on_checkpoint(base::ConnectionId from, const wire::FrameView& frame);
  void on_hints(base::ConnectionId from, const wire::FrameView& frame);
  template <typename Message>
  void reply(base::ConnectionId to, base::RequestId id, const Message& message);

  node::Node& node_;
  wire::Network& network_;
  wire::Encoder encoder_;
};

}  // namespace distkv::server::native
