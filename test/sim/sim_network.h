// The simulated network: datagrams that are lost, late, repeated, reordered or damaged, and byte
// streams that are slow, split anywhere, stall behind cuts and break, each end learning on its own.
//
// It keeps the promises of wire::Network and of TCP (order, no damage, no repetition within a
// stream) and no others.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "sim/chance.h"
#include "sim/cuts.h"
#include "sim/machine.h"
#include "sim/scheduler.h"
#include "sim/strikes.h"
#include "sim/tally.h"
#include "wire/frame.h"
#include "wire/network.h"

namespace distkv::sim {

// How bad the network is; drawn per seed.
struct NetworkRates {
  Spread latency{std::chrono::microseconds(100), std::chrono::microseconds(600)};
  Chance datagram_loss;
  Chance datagram_repeat;
  Chance datagram_reorder;
  Chance datagram_damage;
  Chance stream_split;  // A frame arrives in two parts.
  // Bytes on their way or waiting to one peer, beyond which send refuses.
  size_t queue_bytes_max = 4 << 20;
};

class SimNetwork {
 public:
  SimNetwork(Scheduler& scheduler, Trace& trace, Tally& tally, base::Rng rng);

  // Machines are numbered in the order they are added; all are added before the first event.
  MachineIndex add(Machine& machine, base::Endpoint endpoint);
  // Takes its final number of machines.
  void open(const NetworkRates& rates);

  // ---- What a machine's port does.
  void send_datagram(MachineIndex from, const base::Endpoint& to, std::string_view packet);
  base::Status send(MachineIndex from, const base::Endpoint& to, std::string_view frame);
  void reply(MachineIndex from, base::ConnectionId to, std::string_view frame);
  void close(MachineIndex from, base::ConnectionId connection);

  // ---- Faults.
  // From now on the first `machines` are where `strikes` may strike; it outlives this.
  void set_strikes(Strikes& strikes, uint32_t machines) {
    strikes_ = &strikes;
    machines_struck_ = machines;
  }
  void apply(const Cut& cut) { cuts_->apply(cut); }
  void heal(const Cut& cut);
  // Everything from and to `machine` takes `extra` longer; zero: normal again.
  void slow_down(MachineIndex machine, base::Duration extra);
  // Breaks the `chosen`-th of the open streams (modulo their number); false if there is none.
  bool break_stream(uint64_t chosen);
  // The machine's program is gone. `is_silent`: its kernel too, so that peers find out late.
  void drop_machine(MachineIndex machine, bool is_silent);
  void set_datagram_odds(Chance loss, Chance repeat) {
    rates_.datagram_loss = loss;
    rates_.datagram_repeat = repeat;
  }
  // Datagrams arrive unharmed from now on; streams stay as they are.
  void calm();

  // The first thing found that a correct program cannot have sent; empty if none.
  const std::string& complaint() const { return complaint_; }

 private:
  struct Chunk {
    base::MonotonicTime arrival;
    std::string bytes;
  };
  // One of the two programs of a stream, and what is on its way to it.
  struct End {
    MachineIndex machine;
    wire::FrameReader reader{wire::kClientFrameBytesMax};
    bool is_open = true;      // As far as its program knows.
    bool is_stalled = false;  // The first chunk has met a cut.
    std::deque<Chunk> inbound;
    size_t inbound_bytes = 0;
  };
  struct Stream {
    uint64_t id = 0;
    End opener;
    End acceptor;
    bool is_established = false;  // The opener knows that it is open.
    bool is_broken = false;       // Nothing sent from now on arrives.
  };
  // A machine's stream to one peer, and what waits until there is one.
  struct Link {
    uint64_t stream = 0;  // Zero: none.
    bool is_opening = false;
    std::deque<std::string> waiting;
    size_t waiting_bytes = 0;
    base::MonotonicTime next_attempt{};
  };
  struct Place {
    Machine* machine = nullptr;
    base::Endpoint endpoint;
    uint64_t life = 1;  // Grows with each loss of the program.
    base::Duration extra_latency{};
    std::map<MachineIndex, Link> links;  // By peer.
  };

  Place& place(MachineIndex index) { return places_[index.value]; }
  Stream* find(uint64_t id);
  bool is_struck(StrikeKind kind, MachineIndex from);
  base::Duration latency(const Way& way);
  void deliver_datagram(const Way& way, std::string packet);

  void open_stream(MachineIndex from, MachineIndex to);
  void accept(const Way& way, uint64_t life);
  void establish(const Way& way, uint64_t life, uint64_t stream);
  void fail_opening(const Way& way, uint64_t life);
  void lose_link(const Way& way, uint64_t life, wire::NetworkEvents& program);

  End& other(Stream& stream, const End& end);
  void push(Stream& stream, End& to, std::string_view bytes);
  void add_chunk(Stream& stream, End& to, std::string_view bytes);
  void schedule_arrival(const Stream& stream, const End& to, base::MonotonicTime when);
  void arrive(uint64_t id, bool to_acceptor);
  void stall(Stream& stream, End& to);
  void take_bytes(uint64_t id, bool to_acceptor, wire::NetworkEvents& program,
                  std::string_view bytes);
  void break_here(Stream& stream);
  void break_now(Stream& stream, Spread opener_learns, Spread acceptor_learns);
  void schedule_learning(uint64_t id, bool at_acceptor, base::Duration delay);
  void learn(uint64_t id, bool at_acceptor);
  void forget_if_closed(uint64_t id);

  Scheduler& scheduler_;
  Trace& trace_;
  Tally& tally_;
  base::Rng rng_;
  NetworkRates rates_;
  std::vector<Place> places_;
  std::map<base::Endpoint, MachineIndex> directory_;
  std::unique_ptr<Cuts> cuts_;
  uint64_t last_stream_ = 0;
  std::map<uint64_t, std::unique_ptr<Stream>> streams_;
  std::string complaint_;
  Strikes* strikes_ = nullptr;
  uint32_t machines_struck_ = 0;
};

// One machine's view of the network.
class Port : public wire::Network {
 public:
  explicit Port(SimNetwork& network) : network_(network) {}
  void plug_in(MachineIndex self) { self_ = self; }

  void send_datagram(const base::Endpoint& to, std::string_view packet) override {
    network_.send_datagram(self_, to, packet);
  }
  base::Status send(const base::Endpoint& to, std::string_view frame) override {
    return network_.send(self_, to, frame);
  }
  void reply(base::ConnectionId to, std::string_view frame) override {
    network_.reply(self_, to, frame);
  }
  void close(base::ConnectionId connection) override { network_.close(self_, connection); }

 private:
  SimNetwork& network_;
  MachineIndex self_;
};

}  // namespace distkv::sim
