#include "membership/relays.h"

#include <utility>

namespace distkv::membership {

namespace {
constexpr uint32_t kPingsPerRelay = 3;    // As many as the prober itself sends at first.
constexpr int64_t kPingsPerTimeout = 12;  // The same spacing too: 125 ms at the default.
}  // namespace

Relays::Relays(const Options& options, const Environment& environment, Packets& packets)
    : ping_interval_(options.suspect_timeout / kPingsPerTimeout),
      environment_(environment),
      packets_(packets) {}

void Relays::stop() {
  for (auto& [sequence, relay] : relays_) environment_.timers.stop(relay.timer);
  relays_.clear();
}

void Relays::begin(const base::NodeId& requester, uint64_t sequence, const base::NodeId& target) {
  if (relays_.size() >= kRelaysMax) return;
  const uint64_t own_sequence = packets_.next_sequence();
  relays_[own_sequence] = {.requester = requester,
                           .requester_sequence = sequence,
                           .target = target,
                           .pings = 0,
                           .timer = {}};
  ping(own_sequence);
}

void Relays::ping(uint64_t sequence) {
  Relay& relay = relays_.at(sequence);
  if (relay.pings++ == kPingsPerRelay) {
    relays_.erase(sequence);
    return;
  }
  packets_.ping(relay.target, sequence);
  relay.timer = environment_.timers.start(ping_interval_, [this, sequence] { ping(sequence); });
}

void Relays::on_ack(const base::NodeId& from, uint64_t sequence) {
  const auto found = relays_.find(sequence);
  if (found == relays_.end() || found->second.target != from) return;
  Relay relay = std::move(found->second);
  environment_.timers.stop(relay.timer);
  relays_.erase(found);
  packets_.send(relay.requester, {.kind = wire::GossipKind::kAck,
                                  .sequence = relay.requester_sequence,
                                  .target = relay.target,
                                  .target_endpoint = {}});
}

}  // namespace distkv::membership
