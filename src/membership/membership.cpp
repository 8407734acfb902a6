#include "membership/membership.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>

#include "membership/packets.h"
#include "membership/prober.h"
#include "membership/relays.h"
#include "membership/rumours.h"
#include "membership/supersede.h"
#include "membership/suspicions.h"
#include "membership/table.h"

namespace distkv::membership {

namespace {
// Tables are compared only after this node's own has been still for so long: until then rumours do
// the work for less.
constexpr base::Duration kStillness = std::chrono::milliseconds(500);
constexpr base::Duration kPullInterval = std::chrono::seconds(1);  // A table is 80 bytes a member.
constexpr base::Duration kPullTimeout = std::chrono::seconds(1);
constexpr base::Duration kLayoutCallInterval = std::chrono::milliseconds(100);
constexpr base::Duration kWarnInterval = std::chrono::seconds(10);  // Per cause.
constexpr size_t kWarnedMax = 256;  // Causes remembered; the rest are silent until one expires.
constexpr size_t kFarewells = 12;   // Enough that some arrive; the others hear it from those.
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

class Membership::State {
 public:
  State(const Self& self, const Options& options, const Environment& environment, base::Rng rng,
        Listener& listener);
  ~State() { stop(); }

  void start(base::ClusterId cluster_id);
  void leave();
  void stop();
  void learn(const wire::MemberUpdate& update);
  void heard_from(const base::NodeId& id);
  void set_layout(const LayoutAdvert& layout);
  void on_gossip(const base::Endpoint& from, const wire::Gossip& packet);
  std::vector<wire::MemberUpdate> updates() const;
  const Table& table() const { return table_; }

 private:
  void heartbeat();
  void schedule_heartbeat();
  void wake_gossip();
  void gossip_round();
  void learn_of_self(const wire::MemberUpdate& claim);
  void refute(const wire::MemberUpdate& claim);
  void take(const base::NodeId& id, wire::MemberUpdate update, bool is_own_suspicion);
  void accuse(const base::NodeId& id, MemberState state);
  void report(const Member& member);
  void answer(const base::NodeId& sender, const wire::Gossip& packet);
  void on_ack(const base::NodeId& sender, const wire::Gossip& packet);
  void compare_layout(const base::NodeId& sender, const wire::Gossip& packet);
  void compare_tables(const base::NodeId& sender, const wire::Gossip& packet);
  void on_table(const base::Result<wire::FrameView>& answer);
  bool may_warn(const std::string& cause);

  const Options options_;
  Environment environment_;
  Listener& listener_;
  base::Rng rng_;
  Table table_;
  Rumours rumours_;
  Packets packets_;
  Prober prober_;
  Relays relays_;
  Suspicions suspicions_;

  bool is_started_ = false;
  bool must_answer_accuser_ = false;  // Set while a packet that spoke ill of this node is read.
  bool is_pulling_ = false;
  base::TimerId heartbeat_timer_;
  base::TimerId gossip_timer_;
  std::optional<base::MonotonicTime> last_round_;
  std::optional<base::MonotonicTime> last_pull_;
  std::optional<base::MonotonicTime> last_layout_call_;
  base::MonotonicTime last_change_{};
  std::map<std::string, base::MonotonicTime> warned_;
  // Calls cannot be taken back; an answer that finds this gone is dropped.
  std::shared_ptr<const bool> life_ = std::make_shared<const bool>(true);
};

Membership::State::State(const Self& self, const Options& options, const Environment& environment,
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
                  [this](const base::NodeId& id) { accuse(id, MemberState::kDead); }) {}

// ---- Life
// ----------------------------------------------------------------------------------------

void Membership::State::start(base::ClusterId cluster_id) {
  packets_.set_cluster(cluster_id);
  is_started_ = true;
  rumours_.add(table_.self().id, RumourRank::kOwn);
  for (const auto& [id, member] : table_.members()) {
    if (member.state == MemberState::kSuspect) suspicions_.begin(id, false);
  }
  schedule_heartbeat();
  wake_gossip();
}

void Membership::State::leave() {
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

void Membership::State::stop() {
  is_started_ = false;
  prober_.stop();
  relays_.stop();
  suspicions_.stop();
  rumours_.clear();
  environment_.timers.stop(heartbeat_timer_);
  environment_.timers.stop(gossip_timer_);
}

void Membership::State::schedule_heartbeat() {
  const auto jitter = static_cast<int64_t>(rng_.below(2 * kJitterPerMille + 1)) - kJitterPerMille;
  heartbeat_timer_ = environment_.timers.start(options_.heartbeat_interval * (1000 + jitter) / 1000,
                                               [this] { heartbeat(); });
}

void Membership::State::heartbeat() {
  table_.note_life(table_.self().id);
  prober_.tick();
  schedule_heartbeat();
}

// The first round comes at once, the next ones a gossip interval apart while there is news.
void Membership::State::wake_gossip() {
  if (!is_started_ || gossip_timer_ != base::TimerId{}) return;
  const base::MonotonicTime now = environment_.clock.now();
  const base::MonotonicTime due = last_round_ ? *last_round_ + options_.gossip_interval : now;
  gossip_timer_ = environment_.timers.start(due - now, [this] { gossip_round(); });
}

void Membership::State::gossip_round() {
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

// ---- Belief
// --------------------------------------------------------------------------------------

void Membership::State::learn(const wire::MemberUpdate& update) {
  const base::NodeId id{std::string(update.id)};
  if (table_.is_self(id)) return learn_of_self(update);
  const Member* known = table_.find(id);
  if (known == nullptr) {
    if (!table_.is_full()) return take(id, update, false);
    if (may_warn("full")) environment_.log.warn("member_table_full", {{"peer", update.id}});
    return;
  }
  if (update.incarnation.generation == known->incarnation.generation &&
      update.endpoint != known->endpoint.value() && may_warn("duplicate " + id.value())) {
    environment_.log.warn("duplicate_node_id", {{"peer", update.id},
                                                {"endpoint", known->endpoint.value()},
                                                {"other_endpoint", update.endpoint}});
  }
  const Verdict verdict = judge(*known, update);
  if (verdict == Verdict::kIgnore) return;
  wire::MemberUpdate belief = update;
  if (verdict == Verdict::kTakeAsSuspect) belief.state = MemberState::kSuspect;
  take(id, belief, false);
}

void Membership::State::take(const base::NodeId& id, wire::MemberUpdate update,
                             bool is_own_suspicion) {
  const bool is_visible = table_.put(update);
  last_change_ = environment_.clock.now();
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
void Membership::State::accuse(const base::NodeId& id, MemberState state) {
  const Member* member = table_.find(id);
  if (member == nullptr || !member->is_reachable() || member->state >= state) return;
  wire::MemberUpdate update = update_of(*member);
  update.state = state;
  take(id, update, true);
}

void Membership::State::report(const Member& member) {
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

void Membership::State::learn_of_self(const wire::MemberUpdate& claim) {
  const Member& self = table_.self();
  if (self.state == MemberState::kLeft) return;
  const bool is_good = claim.state == MemberState::kAlive;
  if (is_good && claim.endpoint != self.endpoint.value()) {
    // Another node goes by this id; the one with the higher incarnation is believed.
    if (claim.incarnation >= self.incarnation && may_warn("duplicate " + self.id.value())) {
      environment_.log.warn("duplicate_node_id", {{"peer", claim.id},
                                                  {"endpoint", self.endpoint.value()},
                                                  {"other_endpoint", claim.endpoint}});
    }
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

void Membership::State::refute(const wire::MemberUpdate& claim) {
  wire::MemberUpdate update = update_of(table_.self());
  update.incarnation = beyond(table_.self().incarnation, claim);
  table_.put(update);
  last_change_ = environment_.clock.now();
  must_answer_accuser_ = true;
  environment_.log.info("accusation_refuted",
                        {{"node", table_.self().id.value()},
                         {"generation", update.incarnation.generation},
                         {"refutations", uint64_t{update.incarnation.refutations}}});
  if (!is_started_) return;
  rumours_.add(table_.self().id, RumourRank::kOwn);
  wake_gossip();
}

void Membership::State::heard_from(const base::NodeId& id) {
  const Member* member = table_.find(id);
  if (member == nullptr || table_.is_self(id)) return;
  table_.note_life(id);
  if (member->is_reachable()) prober_.forget(id);
}

void Membership::State::set_layout(const LayoutAdvert& layout) {
  const bool is_change = layout.version != packets_.layout().version ||
                         layout.is_settled != packets_.layout().is_settled;
  packets_.set_layout(layout);
  if (!is_change || !is_started_) return;
  // Every packet carries the layout: news of oneself makes packets go out.
  rumours_.add(table_.self().id, RumourRank::kOwn);
  wake_gossip();
}

// ---- Packets
// -------------------------------------------------------------------------------------

void Membership::State::on_gossip(const base::Endpoint& from, const wire::Gossip& packet) {
  if (!is_started_) return;
  if (!packets_.is_same_cluster(packet)) {
    if (may_warn("foreign " + from.value())) {
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
  compare_tables(sender, packet);
}

void Membership::State::answer(const base::NodeId& sender, const wire::Gossip& packet) {
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

void Membership::State::on_ack(const base::NodeId& sender, const wire::Gossip& packet) {
  const base::NodeId target{std::string(packet.target)};
  if (target == sender) return relays_.on_ack(sender, packet.sequence);
  if (prober_.is_waiting(target, packet.sequence)) heard_from(target);
}

void Membership::State::compare_layout(const base::NodeId& sender, const wire::Gossip& packet) {
  if (!is_newer(packet, packets_.layout())) return;
  const base::MonotonicTime now = environment_.clock.now();
  if (last_layout_call_ && now - *last_layout_call_ < kLayoutCallInterval) return;
  last_layout_call_ = now;
  listener_.on_newer_layout(*table_.find(sender));
}

void Membership::State::compare_tables(const base::NodeId& sender, const wire::Gossip& packet) {
  if (packet.members_digest == table_.digest() || is_pulling_ || !rumours_.empty()) return;
  const base::MonotonicTime now = environment_.clock.now();
  if (now - last_change_ < kStillness || (last_pull_ && now - *last_pull_ < kPullInterval)) return;
  last_pull_ = now;
  is_pulling_ = true;
  environment_.rpc.call(
      table_.find(sender)->endpoint, wire::MembersRequest{updates()}, kPullTimeout,
      [this, life = std::weak_ptr<const bool>(life_)](const base::Result<wire::FrameView>& frame) {
        if (!life.expired()) on_table(frame);
      });
}

void Membership::State::on_table(const base::Result<wire::FrameView>& answer) {
  is_pulling_ = false;
  if (!is_started_ || !answer.is_ok() || answer->type != wire::MessageType::kMembersReply) return;
  const auto reply = wire::decode<wire::MembersReply>(*answer);
  if (!reply.is_ok()) return;
  for (const wire::MemberUpdate& update : reply->members) learn(update);
}

std::vector<wire::MemberUpdate> Membership::State::updates() const {
  std::vector<wire::MemberUpdate> all;
  all.reserve(table_.members().size());
  for (const auto& [id, member] : table_.members()) all.push_back(update_of(member));
  return all;
}

// At most one warning per cause and kWarnInterval.
bool Membership::State::may_warn(const std::string& cause) {
  const base::MonotonicTime now = environment_.clock.now();
  std::erase_if(warned_, [now](const auto& row) { return now - row.second >= kWarnInterval; });
  if (warned_.contains(cause) || warned_.size() >= kWarnedMax) return false;
  warned_.emplace(cause, now);
  return true;
}

// ---- Membership
// ----------------------------------------------------------------------------------

Membership::Membership(Self self, const Options& options, const Environment& environment,
                       base::Rng rng, Listener& listener)
    : state_(std::make_unique<State>(self, options, environment, rng, listener)) {}

Membership::~Membership() = default;

void Membership::start(base::ClusterId cluster_id) { state_->start(cluster_id); }
void Membership::leave() { state_->leave(); }
void Membership::stop() { state_->stop(); }
void Membership::learn(const wire::MemberUpdate& update) { state_->learn(update); }
void Membership::heard_from(const base::NodeId& id) { state_->heard_from(id); }
void Membership::set_layout(const LayoutAdvert& layout) { state_->set_layout(layout); }
std::vector<wire::MemberUpdate> Membership::updates() const { return state_->updates(); }

void Membership::on_gossip(const base::Endpoint& from, const wire::Gossip& packet) {
  state_->on_gossip(from, packet);
}

const std::map<base::NodeId, Member>& Membership::members() const {
  return state_->table().members();
}

const Member* Membership::find(const base::NodeId& id) const { return state_->table().find(id); }
const Member& Membership::self() const { return state_->table().self(); }

}  // namespace distkv::membership
