// A client of the cluster: one operation at a time over its own streams, with a deadline, retries
// through other nodes under the same op id, and a session that keeps the context of each key.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "sim/machine.h"
#include "sim/recorder.h"
#include "sim/sim_network.h"

namespace distkv::sim {

// How one client behaves; drawn per client.
struct ClientHabits {
  base::Duration patience = std::chrono::seconds(2);  // With one attempt.
  uint32_t attempts_max = 1;
  // Repeats a write whose outcome is unknown, under its op id, through another node.
  bool repeats_unknown = false;
  // Its session knows of a key what it was told first, for ever.
  bool keeps_first_context = false;
  // Reads say what the client has seen of their key, and must show it at any consistency.
  bool has_session = false;
  bool wants_trace = false;  // Asks for timelines, which must change nothing else.
};

// What a session was told of a key.
struct KnownContext {
  std::string token;
  DotSet covered;
  size_t place = 0;  // In the history, of the operation that was told so.
};

struct Request {
  OperationKind kind = OperationKind::kGet;
  std::string key;
  std::string padding;  // Of the value; the rest of it names the operation.
  wire::Consistency consistency = wire::Consistency::kQuorum;
  bool uses_context = true;  // Of a write: passes what the session knows of the key, if anything.
  bool wants_siblings = true;
  std::chrono::milliseconds ttl{0};
  std::optional<uint32_t> via;          // The node to ask first; drawn if there is none.
  std::optional<KnownContext> context;  // In place of what the session knows.
};

// What clients share; all outlive them.
struct ClientWorld {
  Scheduler& scheduler;
  Trace& trace;
  SimNetwork& network;
  Recorder& recorder;
  std::vector<base::Endpoint> nodes;
};

class SimClient : public Machine, private wire::NetworkEvents {
 public:
  using Finished = std::function<void(base::Code)>;
  using Known = KnownContext;

  SimClient(const ClientWorld& world, uint32_t number, const ClientHabits& habits, base::Rng rng);

  // Begins an operation; `finished` runs once. Must not run while another is under way.
  void run(Request request, Finished finished);
  // Draws what it would have drawn, and does nothing else.
  void skip(const Request& request);
  bool is_idle() const { return !finished_; }
  // From the next operation on.
  void set_habits(const ClientHabits& habits) { habits_ = habits; }
  // The last operation begun.
  OperationId last() const { return operation_; }
  // What the session knows of the key; null: nothing.
  const Known* known(const std::string& key) const;
  MachineIndex index() const { return index_; }

  // ---- Machine. Nothing listens here.
  bool is_up() const override { return false; }
  void handle(EventKind kind, std::string_view bytes, const MachineEvent& event) override;

 private:
  std::string greeting() override { return {}; }
  void on_datagram(const base::Endpoint&, std::string_view) override {}
  bool on_header(base::ConnectionId, const wire::FrameHeader&) override { return true; }
  void on_request(base::ConnectionId, const wire::FrameView&) override {}
  void on_reply(const base::Endpoint& from, const wire::FrameView& frame) override;
  void on_peer_lost(const base::Endpoint& to) override;
  void on_connection_closed(base::ConnectionId) override {}

  void learn(std::string_view token);
  void record_invocation();
  void attempt();
  std::string_view encode_put(base::RequestId id);
  std::string_view encode_get(base::RequestId id);
  void remember(std::string_view token, DotSet covered);
  void take_put_reply(const wire::FrameView& frame);
  void take_get_reply(const wire::FrameView& frame);
  void end_attempt(base::Code code);
  void end_operation(base::Code code);

  ClientWorld world_;
  uint32_t number_;
  ClientHabits habits_;
  base::Rng rng_;
  Port port_;
  MachineIndex index_;
  wire::Encoder encoder_;
  std::map<std::string, Known> session_;
  std::map<std::string, causality::Context> seen_;  // By key; of all answers, if it has a session.

  // The operation under way.
  Request request_;
  Finished finished_;
  OperationId operation_;
  std::string value_;
  std::optional<std::string> context_;
  uint32_t attempts_ = 0;
  bool is_outcome_unknown_ = false;
  size_t node_ = 0;  // Who is asked.
  uint64_t last_request_ = 0;
  bool is_waiting_ = false;
};

}  // namespace distkv::sim
