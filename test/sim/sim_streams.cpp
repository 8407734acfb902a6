// Open streams: bytes on their way, stalls, breaks, and who learns what when.
#include <algorithm>

#include "base/check.h"
#include "sim/sim_network.h"

namespace distkv::sim {

namespace {
// How long a sender's kernel goes on against a cut before it gives the stream up, much shortened.
constexpr Spread kStallPatience{std::chrono::seconds(1), std::chrono::seconds(12)};
// After a cut heals, the next retransmission.
constexpr Spread kRetransmission{std::chrono::milliseconds(1), std::chrono::milliseconds(400)};
// A reset that arrives, and one that never does so that only silence tells.
constexpr Spread kSoon{std::chrono::microseconds(100), std::chrono::milliseconds(2)};
constexpr Spread kLate{std::chrono::milliseconds(100), std::chrono::seconds(5)};
constexpr Chance kLearnsLate{125000};
constexpr Chance kInFlightIsLost{500000};
constexpr Chance kRidesAlong{300000};  // A frame joins the bytes still on their way.
}  // namespace

SimNetwork::Stream* SimNetwork::find(uint64_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

SimNetwork::End& SimNetwork::other(Stream& stream, const End& end) {
  return &end == &stream.opener ? stream.acceptor : stream.opener;
}

void SimNetwork::reply(MachineIndex from, base::ConnectionId to, std::string_view frame) {
  Stream* stream = find(to.value());
  if (stream == nullptr || stream->acceptor.machine != from || !stream->acceptor.is_open) return;
  push(*stream, stream->opener, frame);
  if (is_struck(StrikeKind::kBreak, from)) break_here(*stream);
}

void SimNetwork::push(Stream& stream, End& to, std::string_view bytes) {
  if (stream.is_broken || !to.is_open) return;
  if (bytes.size() > 1 && happens(rng_, rates_.stream_split)) {
    const size_t cut = rng_.between(1, bytes.size() - 1);
    add_chunk(stream, to, bytes.substr(0, cut));
    bytes.remove_prefix(cut);
  }
  add_chunk(stream, to, bytes);
}

void SimNetwork::add_chunk(Stream& stream, End& to, std::string_view bytes) {
  to.inbound_bytes += bytes.size();
  if (!to.inbound.empty() && happens(rng_, kRidesAlong)) {
    to.inbound.back().bytes.append(bytes);
    return;
  }
  base::MonotonicTime arrival = scheduler_.now() + latency({other(stream, to).machine, to.machine});
  if (!to.inbound.empty()) arrival = std::max(arrival, to.inbound.back().arrival);
  to.inbound.push_back({arrival, std::string(bytes)});
  if (!to.is_stalled) schedule_arrival(stream, to, arrival);
}

void SimNetwork::schedule_arrival(const Stream& stream, const End& to, base::MonotonicTime when) {
  const bool to_acceptor = &to == &stream.acceptor;
  scheduler_.at(when, [this, id = stream.id, to_acceptor] { arrive(id, to_acceptor); });
}

void SimNetwork::arrive(uint64_t id, bool to_acceptor) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  End& end = to_acceptor ? stream->acceptor : stream->opener;
  if (end.inbound.empty() || end.is_stalled) return;
  if (cuts_->blocks_streams({other(*stream, end).machine, end.machine})) {
    return stall(*stream, end);
  }
  const std::string bytes = std::move(end.inbound.front().bytes);
  end.inbound.pop_front();
  end.inbound_bytes -= bytes.size();
  if (!end.is_open) return;
  trace_.record(end.machine, EventKind::kBytes, bytes);
  place(end.machine)
      .machine->handle(
          EventKind::kBytes, bytes,
          [this, id, to_acceptor](wire::NetworkEvents& program, std::string_view arrived) {
            take_bytes(id, to_acceptor, program, arrived);
          });
}

void SimNetwork::take_bytes(uint64_t id, bool to_acceptor, wire::NetworkEvents& program,
                            std::string_view bytes) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  End& end = to_acceptor ? stream->acceptor : stream->opener;
  if (!end.is_open) return;
  const base::Endpoint& peer = place(other(*stream, end).machine).endpoint;
  if (to_acceptor) {
    end.reader.set_judge([id, &program](const wire::FrameHeader& header) {
      return program.on_header(base::ConnectionId{id}, header);
    });
  }
  const base::Status read = end.reader.feed(bytes, [&](const wire::FrameView& frame) {
    if (frame.type == wire::MessageType::kGreeting) {
      end.reader.set_frame_bytes_max(wire::kPeerFrameBytesMax);
    }
    if (to_acceptor) {
      program.on_request(base::ConnectionId{id}, frame);
    } else {
      program.on_reply(peer, frame);
    }
    return end.is_open;
  });
  if (read.is_ok() || !complaint_.empty()) return;
  complaint_ = "machine " + std::to_string(end.machine.value) + " cannot read the stream from " +
               peer.value() + ": " + read.to_string();
}

void SimNetwork::stall(Stream& stream, End& to) {
  to.is_stalled = true;
  const bool to_acceptor = &to == &stream.acceptor;
  scheduler_.after(draw(rng_, kStallPatience), [this, id = stream.id, to_acceptor] {
    Stream* stalled = find(id);
    if (stalled == nullptr || stalled->is_broken) return;
    End& end = to_acceptor ? stalled->acceptor : stalled->opener;
    if (!end.is_stalled) return;
    ++tally_.faults["stream_given_up"];
    break_now(*stalled, to_acceptor ? kSoon : kLate, to_acceptor ? kLate : kSoon);
  });
}

void SimNetwork::heal(const Cut& cut) {
  cuts_->heal(cut);
  for (auto& [id, stream] : streams_) {
    for (End* end : {&stream->opener, &stream->acceptor}) {
      if (!end->is_stalled) continue;
      if (cuts_->blocks_streams({other(*stream, *end).machine, end->machine})) continue;
      end->is_stalled = false;
      const base::MonotonicTime first = scheduler_.now() + draw(rng_, kRetransmission);
      for (Chunk& chunk : end->inbound) {
        chunk.arrival = std::max(chunk.arrival, first);
        schedule_arrival(*stream, *end, chunk.arrival);
      }
    }
  }
}

bool SimNetwork::break_stream(uint64_t chosen) {
  std::vector<Stream*> candidates;
  for (auto& [id, stream] : streams_) {
    if (stream->is_established && !stream->is_broken) candidates.push_back(stream.get());
  }
  if (candidates.empty()) return false;
  const Spread opener_learns = happens(rng_, kLearnsLate) ? kLate : kSoon;
  const Spread acceptor_learns = happens(rng_, kLearnsLate) ? kLate : kSoon;
  break_now(*candidates[chosen % candidates.size()], opener_learns, acceptor_learns);
  return true;
}

void SimNetwork::break_here(Stream& stream) {
  if (!stream.is_broken) break_now(stream, kSoon, kSoon);
}

void SimNetwork::break_now(Stream& stream, Spread opener_learns, Spread acceptor_learns) {
  stream.is_broken = true;
  for (End* end : {&stream.opener, &stream.acceptor}) {
    if (end->is_stalled || happens(rng_, kInFlightIsLost)) {
      end->inbound.clear();
      end->inbound_bytes = 0;
    }
  }
  const base::Duration at_opener = draw(rng_, opener_learns);
  schedule_learning(stream.id, false, at_opener);
  schedule_learning(stream.id, true, draw(rng_, acceptor_learns));
}

void SimNetwork::schedule_learning(uint64_t id, bool at_acceptor, base::Duration delay) {
  scheduler_.after(delay, [this, id, at_acceptor] { learn(id, at_acceptor); });
}

void SimNetwork::learn(uint64_t id, bool at_acceptor) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  End& end = at_acceptor ? stream->acceptor : stream->opener;
  if (!end.is_open) return;
  const Way way{stream->opener.machine, stream->acceptor.machine};
  const EventKind kind = at_acceptor ? EventKind::kConnectionClosed : EventKind::kPeerLost;
  trace_.record(end.machine, kind);
  place(end.machine)
      .machine->handle(
          kind, {}, [this, id, at_acceptor, way](wire::NetworkEvents& program, std::string_view) {
            Stream* closing = find(id);
            if (closing == nullptr) return;
            End& closed = at_acceptor ? closing->acceptor : closing->opener;
            closed.is_open = false;
            if (closed.reader.bytes_held() > 0) ++tally_.sights["stream broken within a frame"];
            closed.inbound.clear();
            closed.inbound_bytes = 0;
            forget_if_closed(id);
            if (at_acceptor) {
              program.on_connection_closed(base::ConnectionId{id});
            } else {
              lose_link(way, id, program);
            }
          });
}

void SimNetwork::forget_if_closed(uint64_t id) {
  const Stream* stream = find(id);
  if (stream != nullptr && !stream->opener.is_open && !stream->acceptor.is_open) {
    streams_.erase(id);
  }
}

void SimNetwork::close(MachineIndex from, base::ConnectionId connection) {
  Stream* stream = find(connection.value());
  if (stream == nullptr || stream->acceptor.machine != from || stream->is_broken) return;
  // What was queued to the opener arrives before the end of the stream does.
  stream->is_broken = true;
  base::MonotonicTime end =
      scheduler_.now() + latency({stream->acceptor.machine, stream->opener.machine});
  if (!stream->opener.inbound.empty()) {
    end = std::max(end, stream->opener.inbound.back().arrival);
  }
  schedule_learning(stream->id, false, end - scheduler_.now());
  schedule_learning(stream->id, true, base::Duration::zero());
}

void SimNetwork::drop_machine(MachineIndex machine, bool is_silent) {
  Place& dropped = place(machine);
  ++dropped.life;
  dropped.links.clear();
  std::vector<uint64_t> half_dead;
  for (auto& [id, stream] : streams_) {
    for (End* end : {&stream->opener, &stream->acceptor}) {
      if (end->machine != machine) continue;
      end->is_open = false;
      end->inbound.clear();
      end->inbound_bytes = 0;
      stream->is_broken = true;
      half_dead.push_back(id);
    }
  }
  for (const uint64_t id : half_dead) {
    Stream* stream = find(id);
    if (stream == nullptr) continue;
    const base::Duration delay = draw(rng_, is_silent ? kLate : kSoon);
    if (stream->opener.is_open) schedule_learning(id, false, delay);
    if (stream->acceptor.is_open) schedule_learning(id, true, delay);
    forget_if_closed(id);
  }
}

}  // namespace distkv::sim
