#include "membership/suspicions.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace distkv::membership {

namespace {
// Ten tries in the shortest patience at its default: all are lost, both ways counted, once in a
// thousand times when 30 % of packets are.
constexpr base::Duration kPingInterval = std::chrono::milliseconds(200);
// About so many of those who only heard of a suspicion ping the accused too.
constexpr uint64_t kBystandersPinging = 8;
// log10(2) in thousandths: rumours need longer to get round a larger cluster.
constexpr int64_t kPatiencePerDoubling = 301;
constexpr int64_t kThousand = 1000;
}  // namespace

Suspicions::Suspicions(const Options& options, const Environment& environment, Table& table,
                       Packets& packets, base::Rng rng, OnDeath on_death)
    : options_(options),
      environment_(environment),
      table_(table),
      packets_(packets),
      rng_(rng),
      on_death_(std::move(on_death)) {}

void Suspicions::stop() {
  for (auto& [id, suspicion] : suspicions_) {
    environment_.timers.stop(suspicion.deadline);
    environment_.timers.stop(suspicion.ping);
  }
  suspicions_.clear();
}

// The dead timeout up to some ten members, then growing with the logarithm of their number.
base::Duration Suspicions::patience() const {
  const auto doublings = static_cast<int64_t>(std::bit_width(table_.reachable_count())) - 1;
  return options_.dead_timeout * std::max(kThousand, doublings * kPatiencePerDoubling) / kThousand;
}

void Suspicions::begin(const base::NodeId& id, bool is_own) {
  end(id);
  Suspicion& suspicion = suspicions_[id];
  suspicion.since = environment_.clock.now();
  suspicion.deadline = environment_.timers.start(patience(), [this, id] { conclude(id); });
  if (is_own || rng_.below(table_.reachable_count()) < kBystandersPinging) ping(id);
}

void Suspicions::end(const base::NodeId& id) {
  const auto found = suspicions_.find(id);
  if (found == suspicions_.end()) return;
  environment_.timers.stop(found->second.deadline);
  environment_.timers.stop(found->second.ping);
  suspicions_.erase(found);
}

void Suspicions::conclude(const base::NodeId& id) {
  const Suspicion& suspicion = suspicions_.at(id);
  const base::Duration lateness = environment_.clock.now() - suspicion.deadline.deadline;
  const bool was_asleep = lateness > options_.heartbeat_interval;
  const bool has_shown_life = table_.last_life(id) > suspicion.since;
  if (was_asleep || has_shown_life) return begin(base::NodeId(id), true);
  const base::NodeId dead = id;
  end(dead);
  on_death_(dead);
}

void Suspicions::ping(const base::NodeId& id) {
  packets_.ping(id, packets_.next_sequence());
  suspicions_.at(id).ping = environment_.timers.start(kPingInterval, [this, id] { ping(id); });
}

}  // namespace distkv::membership
