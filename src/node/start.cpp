// How a node comes to serve, and how it stops.
//
//   start: load what the store remembers → raise the boot generation, durably → ask the others
//   whether they knew a later life → enter the cluster it remembers, or find one through seeds, or
//   found one → serve.
//   stop: refuse → drain → leave → sync → mark the store clean.
#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "node/impl.h"
#include "ring/placement.h"

namespace distkv::node {

using base::Code;
using base::Result;
using base::Status;

namespace {
// Half a second apart: far more than the survey of a table takes.
constexpr int kHintLoadAttempts = 20;
}  // namespace

Node::Impl::Impl(Config config, const Host& host, uint64_t seed)
    : config_(std::move(config)),
      host_(host),
      rng_(seed),
      store_(host.engine),
      admission_(config_.admission),
      retry_time_(seed),
      rpc_(host.network, host.timers, encoder_, config_.calls),
      hints_(host.engine, host.clock, host.log, config_.hints,
             [this](std::optional<base::Token> token) { mark_dirty(token); }) {}

Node::Impl::~Impl() {
  host_.timers.stop(place_timer_);
  host_.timers.stop(report_timer_);
  host_.timers.stop(drain_timer_);
}

void Node::Impl::start(std::function<void(Status)> started) {
  DISTKV_CHECK(phase_ == Phase::kNew);
  phase_ = Phase::kStarting;
  started_ = std::move(started);
  store_.load([this](Result<Remembered> remembered) { on_remembered(std::move(remembered)); });
}

void Node::Impl::on_remembered(Result<Remembered> remembered) {
  if (is_ending()) return;
  if (!remembered.is_ok()) return finish_start(remembered.status());
  const Status adopted = adopt_identity(remembered->identity);
  if (!adopted.is_ok()) return finish_start(adopted);
  if (remembered->identity && remembered->identity->is_clean && remembered->hash_tree) {
    restore_tree(*remembered->hash_tree, remembered->identity->generation);
  }
  layouts_ = remembered->layouts;
  holdings_ = std::move(remembered->holdings);
  if (layouts_.current) holdings_.set_partitions(layouts_.current->partition_count);
  remembered_members_ = std::move(remembered->members);
  after_saving(identity_, [this] {
    local_.emplace(host_.engine, *dots_, tree_, holdings_, config_.durability);
    load_hints(kHintLoadAttempts);
  });
}

// Only what an orderly end left: after any other the store may hold more or less than was saved.
void Node::Impl::restore_tree(std::string_view bytes, uint64_t generation) {
  const Status restored = tree_.restore(bytes, generation);
  if (!restored.is_ok()) host_.log.warn("hash_tree_lost", {{"why", restored.to_string()}});
}

// Hints in a damaged table are given up: anti-entropy brings what they would have, while a node
// that does not start helps nobody. The store needs a moment to find out how far the damage goes.
void Node::Impl::load_hints(int attempts_left) {
  hints_.load([this, attempts_left](const Status& loaded) {
    if (is_ending()) return;
    if (loaded.code() == Code::kCorrupt && attempts_left > 0) {
      std::set<uint64_t> ids;
      for (const storage::DamagedRange& damaged : host_.engine.damaged()) {
        if (damaged.range.space == storage::Space::kHints) ids.insert(damaged.id);
      }
      host_.log.warn("hints_lost", {{"tables", ids.size()}, {"why", loaded.message()}});
      if (!ids.empty()) mark_dirty(std::nullopt);
      host_.engine.heal({ids.begin(), ids.end()}, [this, attempts_left](const Status&) {
        place_timer_ = host_.timers.start(kReportInterval,
                                          [this, attempts_left] { load_hints(attempts_left - 1); });
      });
      return;
    }
    if (!loaded.is_ok()) return finish_start(loaded);
    if (layouts_.current) return recall_past();
    find_cluster();
  });
}

void Node::Impl::recall_past() {
  std::set<base::NodeId> nodes;
  for (const auto& layout : {layouts_.current, layouts_.previous}) {
    if (!layout) continue;
    for (const ring::LayoutNode& node : layout->nodes) nodes.insert(node.id);
  }
  nodes.erase(identity_.node_id);
  std::vector<base::Endpoint> others;
  for (const RememberedMember& member : remembered_members_) {
    if (nodes.erase(member.id) > 0) others.push_back(member.endpoint);
  }
  ask_past(rpc_, identity_.node_id, others, [this, is_complete = nodes.empty()](Past past) {
    past.is_certain = past.is_certain && is_complete;
    on_past(past);
  });
}

// Taking a new actor is always right, and costs an entry in the clocks of the keys written; keeping
// the old one is right only if this store is where it ended.
void Node::Impl::on_past(const Past& past) {
  if (phase_ != Phase::kStarting) return;
  const bool is_older = past.generation_known > identity_.entered;
  if (is_older && !past.alive_at.empty() && past.alive_at != config_.endpoint.value()) {
    return finish_start(
        {Code::kInvalidArgument,
         "node " + identity_.node_id.value() + " runs at " + past.alive_at +
             " on a later state of this store: the data directory is a copy; stop that node first, "
             "or start this one with an empty --data-dir and another --node-id"});
  }
  if (is_older) {
    host_.log.warn("store_is_older",
                   {{"generation", identity_.generation}, {"known", past.generation_known}});
    identity_.generation = std::max(identity_.generation, past.generation_known + 1);
    fall_behind("the store is older than the cluster knows");
  }
  identity_.entered = identity_.generation;
  if (!is_older && (past.is_certain || !keeps_actor_)) {
    return after_saving(identity_, [this] { enter_cluster(); });
  }
  take_new_actor();
  host_.log.info("actor_renewed", {{"actor", identity_.actor.value()},
                                   {"why", is_older ? "the store is older than the cluster knows"
                                                    : "not every node confirmed its past"}});
  // With the generation alone on disk the next start would not find that it is behind.
  save_holdings([this](const Status& saved) {
    if (!saved.is_ok()) return finish_start(saved);
    after_saving(identity_, [this] { enter_cluster(); });
  });
}

// This store acknowledged writes once that it does not hold: it must not answer reads without them,
// nor mint over them, before the other replicas have told it all they hold.
void Node::Impl::fall_behind(std::string_view why) {
  const ring::Layout& layout = *layouts_.current;
  holdings_.set_partitions(layout.partition_count);
  size_t count = 0;
  for (uint32_t number = 0; number < layout.partition_count; ++number) {
    const base::PartitionId partition{number};
    if (!layout.is_replica(partition, identity_.node_id)) continue;
    if (layout.replicas_of(partition).size() == 1) continue;  // Nobody could tell it anything.
    holdings_.fall_behind(partition);
    ++count;
  }
  if (count > 0) host_.log.warn("store_is_behind", {{"partitions", count}, {"why", why}});
}

void Node::Impl::take_new_actor() {
  identity_.actor = base::ActorId{rng_.next()};
  identity_.last_counter = {};
  dots_.emplace(identity_.actor, base::Counter{}, host_.clock);
}

// Durable first: an actor that was minted with must not be forgotten by a crash, nor the one before
// come back after an orderly end.
void Node::Impl::renew_actor(storage::Done done) {
  Identity renewed = identity_;
  renewed.actor = base::ActorId{rng_.next()};
  renewed.last_counter = {};
  store_.save_identity(renewed, [this, renewed, done = std::move(done)](const Status& saved) {
    if (saved.is_ok() && phase_ == Phase::kServing) {
      identity_.actor = renewed.actor;
      identity_.last_counter = {};
      dots_.emplace(renewed.actor, base::Counter{}, host_.clock);
      host_.log.info("actor_renewed", {{"actor", renewed.actor.value()}});
    }
    done(saved);
  });
}

// An unclean end takes a new actor: the store may lack records that it had already sent.
Status Node::Impl::adopt_identity(const std::optional<Identity>& remembered) {
  if (remembered) {
    identity_ = *remembered;
    if (!config_.node_id.value().empty() && config_.node_id != identity_.node_id) {
      return {Code::kInvalidArgument,
              "the data directory belongs to node " + identity_.node_id.value() + ", not " +
                  config_.node_id.value() + "; drop --node-id or use another --data-dir"};
    }
    if (identity_.cluster_name != config_.cluster_name) {
      return {Code::kWrongCluster, "the data directory belongs to cluster " +
                                       identity_.cluster_name + ", not " + config_.cluster_name +
                                       "; correct --cluster-name or use another --data-dir"};
    }
  } else {
    identity_.node_id = config_.node_id;
    if (identity_.node_id.value().empty()) {
      identity_.node_id = base::NodeId{"node-" + rng_.next_id().to_hex().substr(0, 16)};
    }
    identity_.cluster_name = config_.cluster_name;
  }
  keeps_actor_ = identity_.is_clean;
  if (!identity_.is_clean) {
    identity_.actor = base::ActorId{rng_.next()};
    identity_.last_counter = {};
  }
  identity_.is_clean = false;
  ++identity_.generation;
  dots_.emplace(identity_.actor, identity_.last_counter, host_.clock);
  return Status::ok();
}

void Node::Impl::after_saving(const Identity& identity, std::function<void()> next) {
  store_.save_identity(identity, [this, next = std::move(next)](const Status& saved) {
    if (is_ending()) return;
    if (!saved.is_ok()) return finish_start(saved);
    next();
  });
}

void Node::Impl::introduce_self() {
  join_request_.cluster_name = identity_.cluster_name;
  join_request_.cluster_id = identity_.cluster_id;
  join_request_.member = {identity_.node_id.value(),
                          config_.endpoint.value(),
                          membership::MemberState::kAlive,
                          {identity_.generation, 0}};
  join_request_.weight = config_.virtual_nodes;
}

void Node::Impl::find_cluster() {
  phase_ = Phase::kJoining;
  introduce_self();
  const membership::Environment environment{host_.network, rpc_,        encoder_,
                                            host_.timers,  host_.clock, host_.log};
  joiner_ = std::make_unique<membership::Joiner>(config_.seeds, join_request_, environment, *this);
  joiner_->start();
}

void Node::Impl::on_found() {
  identity_.cluster_id = base::ClusterId{rng_.next_id()};
  Result<ring::Layout> first =
      ring::found_layout({identity_.cluster_id,
                          config_.partitions,
                          config_.replicas,
                          {identity_.node_id, config_.virtual_nodes, "", ""}});
  if (!first.is_ok()) return finish_start(first.status());
  layouts_ = {std::make_shared<const ring::Layout>(std::move(*first)), nullptr};
  holdings_.set_partitions(layouts_.current->partition_count);
  host_.log.info("cluster_founded", {{"cluster", identity_.cluster_name},
                                     {"id", identity_.cluster_id.value().to_hex()}});
  identity_.entered = identity_.generation;
  after_saving(identity_, [this] {
    store_.save_layouts(layouts_, [this](const Status& saved) {
      if (!saved.is_ok()) return finish_start(saved);
      enter_cluster();
    });
  });
}

void Node::Impl::on_joined(const wire::JoinReply& reply) {
  Result<ring::LiveLayouts> layouts = ring::decode_live_layouts(reply.layouts);
  if (!layouts.is_ok() || !layouts->current) {
    return finish_start({Code::kCorrupt, "the seed sent no usable layout"});
  }
  layouts_ = std::move(*layouts);
  holdings_.set_partitions(layouts_.current->partition_count);
  identity_.cluster_id = reply.cluster_id;
  // Nothing was minted yet under the actor of a store that knew no cluster; but if the store is a
  // copy from that time, then perhaps under the same by the life after it.
  take_new_actor();
  if (layouts_.current->index_of(identity_.node_id)) fall_behind("the store was replaced");
  remembered_members_.clear();
  for (const wire::MemberUpdate& member : reply.members) {
    // The cluster knew this id before, and must not take this life for the one before.
    if (member.id == identity_.node_id.value()) {
      identity_.generation = std::max(identity_.generation, member.incarnation.generation + 1);
      continue;
    }
    remembered_members_.push_back({base::NodeId{std::string(member.id)},
                                   base::Endpoint{std::string(member.endpoint)},
                                   member.incarnation});
  }
  identity_.entered = identity_.generation;
  // That it is behind must be durable before the layout, which makes the next start a restart.
  save_holdings([this](const Status& kept) {
    if (!kept.is_ok()) return finish_start(kept);
    after_saving(identity_, [this] {
      store_.save_layouts(layouts_, [this](const Status& saved) {
        if (!saved.is_ok()) return finish_start(saved);
        enter_cluster();
      });
    });
  });
}

void Node::Impl::on_join_refused(const Status& why) { finish_start(why); }

void Node::Impl::build_member_parts() {
  const membership::Environment environment{host_.network, rpc_,        encoder_,
                                            host_.timers,  host_.clock, host_.log};
  const membership::Self self{identity_.node_id, config_.endpoint, identity_.generation,
                              identity_.cluster_name};
  parts_.membership = std::make_unique<membership::Membership>(self, config_.membership,
                                                               environment, rng_.fork(), *this);
  parts_.replicas = std::make_unique<replica::Replicas>(identity_.node_id, *local_, rpc_,
                                                        *parts_.membership, host_.clock);
  const coordinator::Options options{
      {config_.read_quorum, config_.write_quorum}, config_.spare_delay, config_.request_timeout};
  parts_.coordinator = std::make_unique<coordinator::Coordinator>(
      coordinator::Parts{layouts_, *local_, *parts_.replicas, hints_, host_.timers, host_.clock,
                         [this](const base::NodeId& node) { pull_layouts(node); }, host_.log,
                         admission_.budget()},
      options);
  parts_.forwarder = std::make_unique<PutForwarder>(PutForwarder::Host{
      rpc_, *parts_.membership, *parts_.replicas, host_.timers, host_.clock, host_.log});
  const repair::HintHost hint_host{hints_,
                                   *parts_.replicas,
                                   layouts_,
                                   host_.engine,
                                   host_.timers,
                                   host_.log,
                                   config_.request_timeout,
                                   [this](const base::NodeId& node) { pull_layouts(node); }};
  parts_.delivery = std::make_unique<repair::HintDelivery>(hint_host);
  parts_.hint_sweep = std::make_unique<repair::HintSweep>(hint_host);
  parts_.hint_waits = std::make_unique<repair::HintWaits>(hints_, host_.timers);
  parts_.damage_repair = std::make_unique<repair::DamageRepair>(
      repair::DamageRepair::Host{host_.engine, *local_, *parts_.replicas, hints_, layouts_,
                                 host_.timers, host_.log},
      repair::DamageRepair::Options{config_.write_quorum, config_.request_timeout},
      [this](storage::Done done) { renew_actor(std::move(done)); },
      [this](const storage::Range& range) { parts_.survey->doubt(range); });
  build_repair_parts();
}

void Node::Impl::build_repair_parts() {
  const auto save = [this](storage::Done done) { save_holdings(std::move(done)); };
  parts_.survey =
      std::make_unique<repair::TreeSurvey>(host_.engine, tree_, host_.timers, host_.log);
  parts_.anti_entropy = std::make_unique<repair::AntiEntropy>(
      repair::AntiEntropy::Host{host_.engine, *local_, *parts_.replicas, tree_, holdings_, layouts_,
                                host_.timers, host_.clock, host_.log, save},
      repair::AntiEntropy::Options{config_.anti_entropy_interval, config_.request_timeout,
                                   config_.write_quorum},
      rng_.fork());
  parts_.horizon_answers = std::make_unique<repair::HorizonAnswers>(
      repair::HorizonAnswers::Host{host_.engine, *local_, holdings_, *parts_.anti_entropy, layouts_,
                                   host_.timers, host_.clock, host_.log, save});
  parts_.collector = std::make_unique<repair::Collector>(
      repair::Collector::Host{host_.engine, *parts_.replicas, holdings_, *parts_.horizon_answers,
                              layouts_, host_.timers, host_.clock, host_.log},
      repair::Collector::Options{config_.tombstone_grace, config_.request_timeout});
}

void Node::Impl::enter_cluster() {
  if (is_ending()) return;
  build_member_parts();
  membership::Membership& membership = *parts_.membership;
  membership.start(identity_.cluster_id);
  for (const RememberedMember& member : remembered_members_) {
    membership.learn({member.id.value(), member.endpoint.value(), membership::MemberState::kAlive,
                      member.incarnation});
  }
  membership.set_layout({layouts_.version(), layouts_.is_settled()});
  phase_ = Phase::kServing;
  // Streams opened while looking for a cluster were greeted without one.
  if (joiner_) {
    for (const base::Endpoint& seed : config_.seeds) {
      if (seed != config_.endpoint) (void)host_.network.send(seed, greeting());
    }
  }
  if (is_founder()) {
    founder_ = std::make_unique<Founder>(
        layouts_, host_.timers, host_.log, config_.settling_time,
        [this](ring::LiveLayouts layouts) { publish(std::move(layouts)); });
  }
  parts_.delivery->start();
  parts_.hint_sweep->start();
  parts_.damage_repair->start();
  parts_.survey->start();
  parts_.anti_entropy->start();
  parts_.collector->start();
  for (const base::PartitionId partition : dirty_partitions_) {
    parts_.anti_entropy->mark_dirty(partition);
  }
  if (!layouts_.is_settled() && layouts_.previous->index_of(identity_.node_id)) {
    host_.log.debug("transfer_restarted", {{"layout", layouts_.version().value()}});
  }
  update_transfer();
  ask_for_place();
  finish_start(Status::ok());
}

// Until the layout lists this node, it asks the founder for a place, again and again.
void Node::Impl::ask_for_place() {
  if (layouts_.current->index_of(identity_.node_id)) return;
  place_timer_ = host_.timers.start(kReportInterval, [this] { ask_for_place(); });
  const membership::Member* founder = parts_.membership->find(founder_id());
  if (founder == nullptr || !founder->is_reachable()) return;
  introduce_self();
  rpc_.call(founder->endpoint, join_request_, config_.request_timeout,
            [this](const Result<wire::FrameView>& answer) {
              const auto joined = wire::expect<wire::JoinReply>(answer);
              if (joined.is_ok() && joined->code == Code::kOk) take_layouts(joined->layouts);
            });
}

void Node::Impl::finish_start(Status status) {
  if (is_ending()) return;
  if (!started_) {
    const bool is_ending = phase_ == Phase::kStopping || phase_ == Phase::kStopped;
    if (!status.is_ok() && !is_ending) {
      host_.log.error("store_failed", {{"why", status.to_string()}});
    }
    return;
  }
  std::exchange(started_, nullptr)(std::move(status));
}

void Node::Impl::stop(std::function<void(Status)> stopped) {
  stopped_ = std::move(stopped);
  started_ = nullptr;
  const bool was_member = parts_.membership != nullptr;
  phase_ = Phase::kStopping;
  host_.timers.stop(place_timer_);
  host_.timers.stop(report_timer_);
  if (joiner_) joiner_->stop();
  parts_.transfer.reset();
  founder_.reset();  // What it would publish after the store is closed could not be saved.
  if (was_member) {
    parts_.delivery->stop();
    parts_.hint_sweep->stop();
    parts_.hint_waits->stop();
    parts_.damage_repair->stop();
    parts_.collector->stop();
    parts_.horizon_answers->stop();
    parts_.anti_entropy->stop();
    parts_.survey->stop();
  }
  drain(host_.clock.now() + kDrainMax);
}

void Node::Impl::drain(base::MonotonicTime until) {
  const bool is_idle = (!parts_.coordinator || parts_.coordinator->counts().in_flight == 0) &&
                       (!local_ || local_->is_idle());
  if (!is_idle && host_.clock.now() < until) {
    drain_timer_ = host_.timers.start(kDrainPoll, [this, until] { drain(until); });
    return;
  }
  if (parts_.membership) parts_.membership->leave();
  host_.engine.sync([this](const Status& synced) {
    if (!synced.is_ok()) return stopped_(synced);
    close_store();
  });
}

// The tree is saved only where it will not change any more, and where a store in trouble need not
// take half a megabyte to end; without it the next start builds a new one.
void Node::Impl::close_store() {
  phase_ = Phase::kStopped;
  if (!dots_) return stopped_(Status::ok());
  if (!local_ || !local_->is_idle() || !host_.engine.sample().trouble.empty()) {
    return save_identity_at_end();
  }
  local_->close();
  store_.save_hash_tree(tree_.encode(identity_.generation), [this](const Status& saved) {
    if (!saved.is_ok()) return stopped_(saved);
    save_identity_at_end();
  });
}

void Node::Impl::save_identity_at_end() {
  // An operation that outlived the drain may still mint: then this end counts as a crash.
  identity_.is_clean = !parts_.coordinator || parts_.coordinator->counts().in_flight == 0;
  identity_.last_counter = dots_->last();
  store_.save_identity(identity_, [this](Status saved) { stopped_(std::move(saved)); });
}

}  // namespace distkv::node
