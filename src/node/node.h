// One node: membership, layouts, replica, coordinator and repair put together over five seams
// (network, engine, timers, clock, log). Deterministic: the runtime and the simulator drive this
// very class, and everything it does follows from the calls it gets and its seed.
//
// Life: construct → start → (events) → stop → destroy. Single owner; no call blocks.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/timers.h"
#include "node/config.h"
#include "replica/hash_tree.h"
#include "ring/layout.h"
#include "storage/engine.h"
#include "wire/messages.h"
#include "wire/network.h"

namespace distkv::node {

// What a node needs of its host; all outlive it.
struct Host {
  wire::Network& network;
  storage::Engine& engine;
  base::Timers& timers;
  const base::Clock& clock;
  base::Log& log;
  // The path that the store's copy of this name is to have, its parent made; may be empty where no
  // copies can be made. The name has been judged: it is one component of a path.
  std::function<base::Result<std::string>(const std::string& name)> checkpoint_path = nullptr;
};

class Node : public wire::NetworkEvents {
 public:
  // `config` must be valid. `seed`: of every choice made by chance.
  Node(Config config, const Host& host, uint64_t seed);
  ~Node() override;

  // Reads what the store remembers, persists a new boot generation, then joins or founds. `started`
  // runs once: ok when the node serves requests; or why it never will (another cluster, another
  // node's store, a damaged store). Waiting for seeds is neither: it goes on.
  void start(std::function<void(base::Status)> started);
  // Refuses new requests (kShuttingDown), lets those in flight end, says "left" to no one but stops
  // gossip, marks the store as cleanly closed; `stopped` runs when all is durable.
  void stop(std::function<void(base::Status)> stopped);
  bool is_serving() const;

  // ---- Requests. `done` runs exactly once, maybe before the call returns; its views live for it.
  void put(const wire::PutRequest& request, std::function<void(const wire::PutReply&)> done);
  void get(const wire::GetRequest& request, std::function<void(const wire::GetReply&)> done);
  void status(std::function<void(const wire::StatusReply&)> done);
  void explain(const wire::ExplainRequest& request,
               std::function<void(const wire::ExplainReply&)> done);

  // A copy of this node's own store, made while it serves.
  void checkpoint(const wire::CheckpointRequest& request,
                  std::function<void(const wire::CheckpointReply&)> done);

  // What this node keeps for others; with `waits`, once all it keeps now is delivered or dropped.
  void hints(const wire::HintsRequest& request, std::function<void(const wire::HintsReply&)> done);

  // A front's part in bounding memory (Admission): what came whole on `from`, and that a request of
  // `frame_bytes` which a client made is answered.
  void arrived(base::ConnectionId from);
  void end_request(base::ConnectionId from, size_t frame_bytes);

  // ---- Events of the network. on_request takes the frames of other nodes only: fronts keep those
  // of clients (server/native sorts them).
  std::string greeting() override;
  void on_datagram(const base::Endpoint& from, std::string_view packet) override;
  bool on_header(base::ConnectionId from, const wire::FrameHeader& header) override;
  void on_request(base::ConnectionId from, const wire::FrameView& frame) override;
  void on_reply(const base::Endpoint& from, const wire::FrameView& frame) override;
  void on_peer_lost(const base::Endpoint& to) override;
  void on_connection_closed(base::ConnectionId connection) override;

  const base::NodeId& id() const;
  const ring::LiveLayouts& layouts() const;
  // Partitions of which this node dropped a hint since it started: a replica of theirs may lack
  // writes until anti-entropy has brought them.
  const std::set<base::PartitionId>& dirty_partitions() const;

  // For those who check a node from outside: its hash tree as it is.
  const replica::HashTree& hash_tree() const;
  // And what its requests hold: nothing, once all are answered.
  const Admission& admission() const;
  // A replica of the partition may lack something: compares it soon.
  void mark_dirty(base::PartitionId partition);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace distkv::node
