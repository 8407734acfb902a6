#include "membership/membership.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>

#include "membership/supersede.h"

namespace distkv::membership {

namespace {
constexpr base::Duration kLayoutCallInterval = std::chrono::milliseconds(100);
constexpr size_t kFarewells = 12;        // Enough that some arrive; the others hear it from those.
constexpr int64_t kJitterPerMille = 50;  // Of a heartbeat, so that nodes do not march in step.

RumourRank rank_of(MemberState state) {
  switch (state) {
    case MemberState::kAlive:
      return RumourRank::kAlive;
    case MemberState::kSuspect:
      return RumourRank::kSuspect;
    case MemberState::kDead:
    case MemberState::kLeft:
      break;
  }
  return RumourRank::kDead;
}

// The least incarnation that overrules what was claimed of this node.
Incarnation beyond(const Incarnation& own, const wire::MemberUpdate& claim) {
  Incarnation next = std::max(own, claim.incarnation);
  const bool is_final =
      claim.state == MemberState::kLeft && claim.incarnation.generation >= own.generation;
  if (is_final || next.refutations == std::numeric_limits<uint32_t>::max()) {
    return {.generation = next.generation + 1, .refutations = 0};
  }
  ++next.refutations;
  return next;
}

// A settled layout is newer than the same one in transition.
bool is_newer(const wire::Gossip& packet, const LayoutAdvert& own) {
  if (packet.layout_version != own.version) return packet.layout_version > own.version;
  return packet.is_settled && !own.is_settled;
}
}  // namespace

Membership::Membership(Self self, const Options& options, const Environment& environment,
                       base::Rng rng, Listener& listener)
    : options_(options),
      environment_(environment),
      listener_(listener),
      rng_(rng),
      table_({.id = self.id,
              .endpoint = self.endpoint,
              .state = MemberState::kAlive,
              .incarnation = {.generation = self.generation, .refutations = 0},
              .last_seen = environment.clock.wall_now()},
             environment.clock),
      packets_(self.cluster_name, environment, table_, rumours_),
      prober_(options, environment, table_, packets_, rng_.fork(),
              [this](const base::NodeId& id) { accuse(id, MemberState::kSuspect); }),
      relays_(options, environment, packets_),
      suspicions_(options, environment, table_, packets_, rng_.fork(),
                  [this](const base::NodeId& id) { accuse(id, MemberState::kDead); }),
      exchange_(environment, table_, [this](const wire::MemberUpdate& update) { learn(update); }),
      warnings_(environment.clock) {}

// ---- Life ---------------------------------------------------------------------------------------

void Membership::start(base::ClusterId cluster_id) {
  packets_.set_cluster(cluster_id);
  is_started_ = true;
  for (const auto& [id, member] : table_.members()) {
    if (member.state == MemberState::kSuspect) suspicions_.begin(id, false);
  }
  schedule_heartbeat();
  spread_self();
}

void Membership::leave() {
  if (!is_started_) return;
  wire::MemberUpdate update = update_of(table_.self());
  update.state = MemberState::kLeft;
  table_.put(update);
  for (const base::NodeId& id :
       table_.draw(kFarewells, MemberState::kAlive, MemberState::kSuspect, rng_)) {
    packets_.send(id, {});
  }
  stop();
}

void Membership::stop() {
  is_started_ = false;
  prober_.stop();
  relays_.stop();
  exchange_.stop();
  suspicions_.stop();
  rumours_.clear();
  environment_.timers.stop(heartbeat_timer_);
  environment_.timers.stop(gossip_timer_);
}

void Membership::schedule_heartbeat() {
  const auto jitter = static_cast<int64_t>(rng_.below(2 * kJitterPerMille + 1)) - kJitterPerMille;
  heartbeat_timer_ = environment_.timers.start(options_.heartbeat_interval * (1000 + jitter) / 1000,
                                               [this] { heartbeat(); });
}

void Membership::heartbeat() {
  table_.note_life(table_.self().id);
  prober_.tick();
  schedule_heartbeat();
}

// The first round comes at once, the next ones a gossip interval apart while there is news.
void Membership::wake_gossip() {
  if (!is_started_ || gossip_timer_ != base::TimerId{}) return;
  const base::MonotonicTime now = environment_.clock.now();
  const base::MonotonicTime due = last_round_ ? *last_round_ + options_.gossip_interval : now;
  gossip_timer_ = environment_.timers.start(due - now, [this] { gossip_round(); });
}

void Membership::gossip_round() {
  gossip_timer_ = {};
  last_round_ = environment_.clock.now();
  const std::vector<base::NodeId> listeners =
      table_.draw(options_.gossip_fanout, MemberState::kAlive, MemberState::kSuspect, rng_);
  if (listeners.empty()) rumours_.clear();  // Who comes later compares tables.
  for (const base::NodeId& id : listeners) {
    if (!rumours_.empty()) packets_.send(id, {});
  }
  if (!rumours_.empty()) wake_gossip();
}

// ---- Belief -------------------------------------------------------------------------------------

void Membership::learn(const wire::MemberUpdate& update) {
  const base::NodeId id{std::string(update.id)};
  if (table_.is_self(id)) return learn_of_self(update);
  const Member* known = table_.find(id);
  if (known == nullptr) {
    if (!table_.is_full()) return take(id, update, false);
    if (!warnings_.may_warn("full")) return;
    return environment_.log.warn("member_table_full", {{"peer", update.id}});
  }
  if (update.incarnation.generation == known->incarnation.generation) {
    warn_of_duplicate(*known, update);
  }
  const Verdict verdict = judge(*known, update);
  if (verdict == Verdict::kIgnore) return;
  wire::MemberUpdate belief = update;
  if (verdict == Verdict::kTakeAsSuspect) belief.state = MemberState::kSuspect;
  take(id, belief, false);
}

// Believes `update`, whatever was believed before.
void Membership::take(const base::NodeId& id, const wire::MemberUpdate& update,
                      bool is_own_suspicion) {
  const bool is_visible = table_.put(update);
  exchange_.note_change();
  if (update.state != MemberState::kAlive) prober_.forget(id);
  suspicions_.end(id);
  if (is_started_) {
    rumours_.add(id, rank_of(update.state));
    if (update.state == MemberState::kSuspect) suspicions_.begin(id, is_own_suspicion);
    wake_gossip();
  }
  if (is_visible) report(*table_.find(id));
}

// This node's own judgement, after its probe or its patience came to an end.
void Membership::accuse(const base::NodeId& id, MemberState state) {
  const Member* member = table_.find(id);
  if (member == nullptr || !member->is_reachable() || member->state >= state) return;
  wire::MemberUpdate update = update_of(*member);
  update.state = state;
  take(id, update, true);
}

void Membership::report(const Member& member) {
  const std::initializer_list<base::LogField> fields = {
      {"node", table_.self().id.value()},
      {"peer", member.id.value()},
      {"endpoint", member.endpoint.value()},
      {"generation", member.incarnation.generation},
      {"refutations", uint64_t{member.incarnation.refutations}}};
  switch (member.state) {
    case MemberState::kAlive:
      environment_.log.info("peer_alive", fields);
      break;
    case MemberState::kSuspect:
      environment_.log.warn("peer_suspected", fields);
      break;
    case MemberState::kDead:
      environment_.log.warn("peer_dead", fields);
      break;
    case MemberState::kLeft:
      environment_.log.info("peer_left", fields);
      break;
  }
  listener_.on_member_changed(member);
}

void Membership::learn_of_self(const wire::MemberUpdate& claim) {
  const Member& self = table_.self();
  if (self.state == MemberState::kLeft) return;
  const bool is_good = claim.state == MemberState::kAlive;
  if (is_good && claim.endpoint != self.endpoint.value()) {
    // Another node goes by this id; the one with the higher incarnation is believed.
    if (claim.incarnation >= self.incarnation) warn_of_duplicate(self, claim);
    return;
  }
  if (!is_good) must_answer_accuser_ = true;
  // A good word at a higher incarnation than one's own: the data directory lost its boot count.
  const bool is_overruled =
      is_good ? claim.incarnation > self.incarnation : claim.incarnation >= self.incarnation;
  const bool is_final = claim.state == MemberState::kLeft &&
                        claim.incarnation.generation == self.incarnation.generation;
  if (is_overruled || is_final) refute(claim);
}

// One node moves only between generations: two addresses of one generation are two nodes.
void Membership::warn_of_duplicate(const Member& known, const wire::MemberUpdate& claim) {
  if (claim.endpoint == known.endpoint.value()) return;
  if (!warnings_.may_warn("duplicate " + known.id.value())) return;
  environment_.log.warn("duplicate_node_id", {{"peer", claim.id},
                                              {"endpoint", known.endpoint.value()},
                                              {"other_endpoint", claim.endpoint}});
}

void Membership::refute(const wire::MemberUpdate& claim) {
  wire::MemberUpdate update = update_of(table_.self());
  update.incarnation = beyond(table_.self().incarnation, claim);
  table_.put(update);
  exchange_.note_change();
  must_answer_accuser_ = true;
  environment_.log.info("accusation_refuted",
                        {{"node", table_.self().id.value()},
                         {"generation", update.incarnation.generation},
                         {"refutations", uint64_t{update.incarnation.refutations}}});
  spread_self();
}

// Own news is in every packet, with the layouts: what is queued here is that packets go out at all.
void Membership::spread_self() {
  if (!is_started_) return;
  rumours_.add(table_.self().id, RumourRank::kOwn);
  wake_gossip();
}

void Membership::heard_from(const base::NodeId& id) {
  const Member* member = table_.find(id);
  if (member == nullptr || table_.is_self(id)) return;
  table_.note_life(id);
  if (member->is_reachable()) prober_.forget(id);
}

void Membership::set_layout(const LayoutAdvert& layout) {
  const bool is_change = layout.version != packets_.layout().version ||
                         layout.is_settled != packets_.layout().is_settled;
  packets_.set_layout(layout);
  if (is_change) spread_self();
}

// ---- Packets ------------------------------------------------------------------------------------

void Membership::on_gossip(const base::Endpoint& from, const wire::Gossip& packet) {
  if (!is_started_) return;
  if (!packets_.is_same_cluster(packet)) {
    if (warnings_.may_warn("foreign " + from.value())) {
      environment_.log.warn("foreign_cluster_packet",
                            {{"from", from.value()}, {"cluster", packet.cluster_name}});
    }
    return;
  }
  must_answer_accuser_ = false;
  learn(packet.from);
  const base::NodeId sender{std::string(packet.from.id)};
  if (table_.is_self(sender)) return;
  heard_from(sender);
  for (const wire::MemberUpdate& update : packet.updates) learn(update);
  if (table_.find(sender) == nullptr) return;  // The table is full.
  answer(sender, packet);
  compare_layout(sender, packet);
  if (rumours_.empty()) exchange_.compare(sender, packet.members_digest);
}

void Membership::answer(const base::NodeId& sender, const wire::Gossip& packet) {
  const Member& member = *table_.find(sender);
  const bool is_stale = member.incarnation > packet.from.incarnation;
  const base::NodeId target{std::string(packet.target)};
  // A ping meant for a node that had this address before must not be answered for it.
  if (packet.kind == wire::GossipKind::kPing && table_.is_self(target)) {
    return packets_.send(sender, {.kind = wire::GossipKind::kAck,
                                  .sequence = packet.sequence,
                                  .target = target,
                                  .target_endpoint = {},
                                  .tells_recipient = is_stale});
  }
  if (packet.kind == wire::GossipKind::kAck) on_ack(sender, packet);
  if (packet.kind == wire::GossipKind::kPingRequest && table_.find(target) != nullptr) {
    relays_.begin(sender, packet.sequence, target);
  }
  const bool must_tell = (is_stale || !member.is_alive()) && member.state != MemberState::kLeft;
  if (must_answer_accuser_ || must_tell) packets_.send(sender, {.tells_recipient = must_tell});
}

void Membership::on_ack(const base::NodeId& sender, const wire::Gossip& packet) {
  const base::NodeId target{std::string(packet.target)};
  if (target == sender) return relays_.on_ack(sender, packet.sequence);
  if (prober_.is_waiting(target, packet.sequence)) heard_from(target);
}

void Membership::compare_layout(const base::NodeId& sender, const wire::Gossip& packet) {
  if (!is_newer(packet, packets_.layout())) return;
  const base::MonotonicTime now = environment_.clock.now();
  if (last_layout_call_ && now - *last_layout_call_ < kLayoutCallInterval) return;
  last_layout_call_ = now;
  listener_.on_newer_layout(*table_.find(sender));
}

std::vector<wire::MemberUpdate> Membership::updates() const { return table_.updates(); }

}  // namespace distkv::membership
