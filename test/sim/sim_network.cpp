// Machines, datagrams and the opening of streams; what happens on an open stream is in
// sim_streams.cpp.
#include "sim/sim_network.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::sim {

namespace {
constexpr Spread kReorderDelay{std::chrono::milliseconds(1), std::chrono::milliseconds(60)};
// A kernel's patience with a connection request that nobody answers, much shortened.
constexpr Spread kOpeningPatience{std::chrono::milliseconds(500), std::chrono::milliseconds(2000)};
// The host's spacing of attempts to reach a peer.
constexpr base::Duration kAttemptSpacing = std::chrono::milliseconds(100);
}  // namespace

SimNetwork::SimNetwork(Scheduler& scheduler, Trace& trace, Tally& tally, base::Rng rng)
    : scheduler_(scheduler), trace_(trace), tally_(tally), rng_(rng) {}

MachineIndex SimNetwork::add(Machine& machine, base::Endpoint endpoint) {
  const MachineIndex index{static_cast<uint32_t>(places_.size())};
  directory_.emplace(endpoint, index);
  Place added;
  added.machine = &machine;
  added.endpoint = std::move(endpoint);
  places_.push_back(std::move(added));
  return index;
}

void SimNetwork::open(const NetworkRates& rates) {
  rates_ = rates;
  cuts_ = std::make_unique<Cuts>(static_cast<uint32_t>(places_.size()));
}

void SimNetwork::calm() {
  rates_.datagram_loss = kNever;
  rates_.datagram_damage = kNever;
  rates_.queue_bytes_max = NetworkRates{}.queue_bytes_max;
}

base::Duration SimNetwork::latency(const Way& way) {
  return draw(rng_, rates_.latency) + place(way.from).extra_latency + place(way.to).extra_latency;
}

void SimNetwork::slow_down(MachineIndex machine, base::Duration extra) {
  place(machine).extra_latency = extra;
}

bool SimNetwork::is_struck(StrikeKind kind, MachineIndex from) {
  return strikes_ != nullptr && from.value < machines_struck_ && strikes_->hits(kind, from);
}

void SimNetwork::send_datagram(MachineIndex from, const base::Endpoint& to,
                               std::string_view packet) {
  DISTKV_CHECK(packet.size() <= wire::kDatagramBytesMax);
  const auto target = directory_.find(to);
  if (target == directory_.end()) return;
  const Way way{from, target->second};
  if (is_struck(StrikeKind::kRefuse, from)) return;
  if (happens(rng_, rates_.datagram_loss)) {
    ++tally_.faults["datagram_lost"];
    return;
  }
  const int copies = happens(rng_, rates_.datagram_repeat) ? 2 : 1;
  if (copies > 1) ++tally_.faults["datagram_repeated"];
  for (int copy = 0; copy < copies; ++copy) {
    base::Duration delay = latency(way);
    if (happens(rng_, rates_.datagram_reorder)) delay += draw(rng_, kReorderDelay);
    std::string bytes(packet);
    if (happens(rng_, rates_.datagram_damage) && !bytes.empty()) {
      const size_t position = rng_.below(bytes.size());
      bytes[position] =
          static_cast<char>(bytes[position] ^ static_cast<char>(rng_.between(1, 255)));
      ++tally_.faults["datagram_damaged"];
    }
    scheduler_.after(delay, [this, way, bytes = std::move(bytes)]() mutable {
      deliver_datagram(way, std::move(bytes));
    });
  }
}

void SimNetwork::deliver_datagram(const Way& way, std::string packet) {
  Machine& machine = *place(way.to).machine;
  if (cuts_->blocks_datagrams(way) || !machine.is_up()) return;
  trace_.record(way.to, EventKind::kDatagram, packet);
  machine.handle(EventKind::kDatagram, packet,
                 [this, from = way.from](wire::NetworkEvents& program, std::string_view bytes) {
                   program.on_datagram(place(from).endpoint, bytes);
                 });
}

base::Status SimNetwork::send(MachineIndex from, const base::Endpoint& to, std::string_view frame) {
  const auto target = directory_.find(to);
  if (target == directory_.end()) {
    return {base::Code::kUnavailable, "no such machine: " + to.value()};
  }
  if (is_struck(StrikeKind::kRefuse, from)) {
    return {base::Code::kOverloaded, "the queue to " + to.value() + " is full"};
  }
  Link& link = place(from).links[target->second];
  if (Stream* stream = find(link.stream)) {
    if (stream->acceptor.inbound_bytes > rates_.queue_bytes_max) {
      ++tally_.faults["queue_full"];
      return {base::Code::kOverloaded, "the queue to " + to.value() + " is full"};
    }
    push(*stream, stream->acceptor, frame);
    if (is_struck(StrikeKind::kBreak, from)) break_here(*stream);
    return base::Status::ok();
  }
  if (link.waiting_bytes > rates_.queue_bytes_max) {
    ++tally_.faults["queue_full"];
    return {base::Code::kOverloaded, "the queue to " + to.value() + " is full"};
  }
  link.waiting_bytes += frame.size();
  link.waiting.emplace_back(frame);
  if (!link.is_opening) open_stream(from, target->second);
  return base::Status::ok();
}

void SimNetwork::open_stream(MachineIndex from, MachineIndex to) {
  Link& link = place(from).links[to];
  link.is_opening = true;
  const base::MonotonicTime start = std::max(scheduler_.now(), link.next_attempt);
  const Way way{from, to};
  scheduler_.at(start + latency(way), [this, way, life = place(from).life] { accept(way, life); });
}

void SimNetwork::accept(const Way& way, uint64_t life) {
  if (place(way.from).life != life) return;
  const Way back{way.to, way.from};
  if (cuts_->blocks_streams(way) || cuts_->blocks_streams(back)) {
    scheduler_.after(draw(rng_, kOpeningPatience), [this, way, life] { fail_opening(way, life); });
    return;
  }
  if (!place(way.to).machine->is_up()) {
    scheduler_.after(latency(back), [this, way, life] { fail_opening(way, life); });
    return;
  }
  auto stream = std::make_unique<Stream>();
  stream->id = ++last_stream_;
  stream->opener.machine = way.from;
  stream->opener.reader.set_frame_bytes_max(wire::kPeerFrameBytesMax);
  stream->acceptor.machine = way.to;
  const uint64_t id = stream->id;
  streams_.emplace(id, std::move(stream));
  scheduler_.after(latency(back), [this, way, life, id] { establish(way, life, id); });
}

void SimNetwork::establish(const Way& way, uint64_t life, uint64_t id) {
  if (place(way.from).life != life) return;
  trace_.record(way.from, EventKind::kOpened);
  place(way.from).machine->handle(
      EventKind::kOpened, {}, [this, way, id](wire::NetworkEvents& program, std::string_view) {
        Link& link = place(way.from).links[way.to];
        link.is_opening = false;
        Stream* stream = find(id);
        if (stream == nullptr || !stream->opener.is_open) return lose_link(way, 0, program);
        stream->is_established = true;
        link.stream = id;
        const std::string greeting = program.greeting();
        if (!greeting.empty()) push(*stream, stream->acceptor, greeting);
        for (const std::string& frame : std::exchange(link.waiting, {})) {
          push(*stream, stream->acceptor, frame);
        }
        link.waiting_bytes = 0;
      });
}

void SimNetwork::fail_opening(const Way& way, uint64_t life) {
  if (place(way.from).life != life) return;
  trace_.record(way.from, EventKind::kPeerLost);
  place(way.from).machine->handle(
      EventKind::kPeerLost, {},
      [this, way](wire::NetworkEvents& program, std::string_view) { lose_link(way, 0, program); });
}

void SimNetwork::lose_link(const Way& way, uint64_t stream, wire::NetworkEvents& program) {
  Link& link = place(way.from).links[way.to];
  if (link.stream != stream) return;
  link.stream = 0;
  link.is_opening = false;
  link.waiting.clear();
  link.waiting_bytes = 0;
  link.next_attempt = scheduler_.now() + kAttemptSpacing;
  program.on_peer_lost(place(way.to).endpoint);
}

}  // namespace distkv::sim
