#include "membership/prober.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace distkv::membership {

namespace {
// When each step of a probe comes, in thousandths of the suspect timeout: at its default of 1.5 s
// that is 0, 120 and 250 ms, then members are asked at 350 and 600 ms, and the verdict at 800 ms.
// So the verdict falls near the timeout after the last sign of life, though the probe began more
// than a heartbeat after it.
struct Stage {
  int64_t at;
  bool asks_others;
};
constexpr std::array<Stage, 5> kStages{
    {{0, false}, {80, false}, {167, false}, {233, true}, {400, true}}};
constexpr int64_t kVerdictAt = 533;
constexpr int64_t kThousand = 1000;

constexpr size_t kAskedPerStage = 3;  // One more lost path in three still leaves two.
// A predecessor silent for this many thousandths of a heartbeat is probed: one was lost, jitter (5
// % of it) and the network's delay allowed for.
constexpr int64_t kSilenceMax = 1200;
// Heartbeats between random probes while nobody is suspected: with this, a quiet node sends some
// 500 bytes a second.
constexpr uint64_t kTicksPerCalmProbe = 10;
// The dead are pinged for ever, one every so many heartbeats: 2 s at the default.
constexpr uint64_t kTicksPerDeadPing = 4;
}  // namespace

Prober::Prober(const Options& options, const Environment& environment, Table& table,
               Packets& packets, base::Rng rng, OnFailed on_failed)
    : options_(options),
      environment_(environment),
      table_(table),
      packets_(packets),
      rng_(rng),
      on_failed_(std::move(on_failed)) {}

void Prober::stop() {
  for (auto& [id, probe] : probes_) environment_.timers.stop(probe.timer);
  probes_.clear();
}

void Prober::tick() {
  ++ticks_;
  send_heartbeat();
  watch_predecessor();
  const bool is_calm = table_.others(MemberState::kSuspect, MemberState::kSuspect).empty();
  if (!is_calm || ticks_ % kTicksPerCalmProbe == 0) begin(next_in_round());
  if (ticks_ % kTicksPerDeadPing == 0) ping_somebody_dead();
}

void Prober::send_heartbeat() {
  const std::vector<base::NodeId> alive = table_.others(MemberState::kAlive, MemberState::kAlive);
  if (alive.empty()) return;
  const auto next = std::upper_bound(alive.begin(), alive.end(), table_.self().id);
  packets_.send(next == alive.end() ? alive.front() : *next, {});
}

void Prober::watch_predecessor() {
  const std::vector<base::NodeId> alive = table_.others(MemberState::kAlive, MemberState::kAlive);
  if (alive.empty()) return;
  const auto next = std::lower_bound(alive.begin(), alive.end(), table_.self().id);
  const base::NodeId& watched = next == alive.begin() ? alive.back() : *std::prev(next);
  const base::Duration silence = environment_.clock.now() - table_.last_life(watched);
  if (silence > options_.heartbeat_interval * kSilenceMax / kThousand) begin(watched);
}

void Prober::forget(const base::NodeId& id) {
  const auto found = probes_.find(id);
  if (found == probes_.end()) return;
  environment_.timers.stop(found->second.timer);
  probes_.erase(found);
}

bool Prober::is_waiting(const base::NodeId& id, uint64_t sequence) const {
  const auto found = probes_.find(id);
  return found != probes_.end() && found->second.sequence == sequence;
}

void Prober::begin(const base::NodeId& id) {
  if (id.value().empty() || probes_.contains(id)) return;
  probes_[id].sequence = packets_.next_sequence();
  step(id);
}

void Prober::step(const base::NodeId& id) {
  Probe& probe = probes_.at(id);
  if (probe.stage == kStages.size()) return conclude(id, probe);
  const Stage& stage = kStages[probe.stage++];
  packets_.ping(id, probe.sequence);
  if (stage.asks_others) ask_others(id, probe);
  const int64_t next = probe.stage < kStages.size() ? kStages[probe.stage].at : kVerdictAt;
  wait(id, probe, options_.suspect_timeout * (next - stage.at) / kThousand);
}

void Prober::conclude(const base::NodeId& id, Probe& probe) {
  const base::MonotonicTime now = environment_.clock.now();
  // This late it was this node that did not run, and the answers may still lie in its socket.
  if (now - probe.timer.deadline > options_.heartbeat_interval) {
    const base::NodeId silent = id;  // `id` may be a key of what is erased.
    forget(silent);
    return begin(silent);
  }
  const base::MonotonicTime due = table_.last_life(id) + options_.suspect_timeout;
  if (now < due) {
    packets_.ping(id, probe.sequence);
    return wait(id, probe, due - now);
  }
  const base::NodeId failed = id;
  forget(failed);
  on_failed_(failed);
}

void Prober::wait(const base::NodeId& id, Probe& probe, base::Duration delay) {
  probe.timer = environment_.timers.start(delay, [this, id] { step(id); });
}

void Prober::ask_others(const base::NodeId& id, Probe& probe) {
  std::vector<base::NodeId> candidates =
      table_.draw(2 * kAskedPerStage + 1, MemberState::kAlive, MemberState::kAlive, rng_);
  size_t asked = 0;
  for (base::NodeId& candidate : candidates) {
    const bool is_spent = candidate == id || std::find(probe.asked.begin(), probe.asked.end(),
                                                       candidate) != probe.asked.end();
    if (is_spent) continue;
    packets_.send(candidate, {.kind = wire::GossipKind::kPingRequest,
                              .sequence = probe.sequence,
                              .target = id,
                              .target_endpoint = table_.find(id)->endpoint});
    probe.asked.push_back(std::move(candidate));
    if (++asked == kAskedPerStage) break;
  }
  // In a small cluster the second round finds everybody asked: then the next may ask them again.
  if (asked < kAskedPerStage) probe.asked.clear();
}

base::NodeId Prober::next_in_round() {
  for (int attempt = 0; attempt < 2; ++attempt) {
    while (!round_.empty()) {
      const base::NodeId id = std::move(round_.back());
      round_.pop_back();
      const Member* member = table_.find(id);
      if (member != nullptr && member->is_alive()) return id;
    }
    round_ = table_.draw(kMembersMax, MemberState::kAlive, MemberState::kAlive, rng_);
  }
  return {};
}

void Prober::ping_somebody_dead() {
  for (const base::NodeId& id : table_.draw(1, MemberState::kDead, MemberState::kDead, rng_)) {
    packets_.ping(id, packets_.next_sequence());
  }
}

}  // namespace distkv::membership
