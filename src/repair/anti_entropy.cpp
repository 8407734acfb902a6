#include "repair/anti_entropy.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace distkv::repair {

using base::MonotonicTime;
using base::NodeId;
using base::PartitionId;
using base::Result;
using replica::Leaf;

AntiEntropy::AntiEntropy(const Host& host, const Options& options, base::Rng rng)
    : host_(host),
      options_(options),
      rng_(rng),
      answers_({host.engine, host.local, host.tree, host.holdings, host.layouts, host.clock,
                host.replicas.self()}) {}

void AntiEntropy::start() {
  is_running_ = true;
  on_layouts_changed();
  rest(std::min(soon(), options_.interval));
}

void AntiEntropy::stop() {
  is_running_ = false;
  host_.timers.stop(timer_);
  exchange_.reset();
  visit_.reset();
}

void AntiEntropy::on_layouts_changed() {
  if (!is_running_) return;
  proofs_.adopt(host_.layouts.current, host_.replicas.self());
  to_visit_.clear();
  const auto behind = host_.holdings.behind();
  for (const PartitionId partition : behind) catch_up(partition);
  if (visit_) end_visit();
}

void AntiEntropy::mark_dirty(PartitionId partition) {
  proofs_.mark_dirty(partition, now());
  if (is_resting_ && is_running_) rest(soon());
}

void AntiEntropy::go_on(base::Duration delay, void (AntiEntropy::*step)()) {
  host_.timers.stop(timer_);
  timer_ = host_.timers.start(delay, [this, step] { (this->*step)(); });
}

template <typename Callback>
auto AntiEntropy::guarded(Callback callback) {
  return
      [visit = std::weak_ptr<Visit>(visit_), callback = std::move(callback)](auto&&... arguments) {
        if (!visit.expired()) callback(std::forward<decltype(arguments)>(arguments)...);
      };
}

void AntiEntropy::rest(base::Duration duration) {
  is_resting_ = duration > 2 * kRoundSoon;
  go_on(duration, &AntiEntropy::begin_round);
}

bool AntiEntropy::is_ready(PartitionId partition) const { return answers_.is_ready(partition); }

void AntiEntropy::begin_round() {
  is_resting_ = false;
  is_unfinished_ = false;
  const bool is_busy = host_.engine.pressure() > kRoundPressureMax;
  if (!host_.layouts.is_settled() || is_busy) return rest(soon());
  for (const PartitionId partition : proofs_.partitions()) {
    for (const NodeId& peer : proofs_.peers_of(partition)) {
      const bool is_ours = host_.replicas.self() < peer || proofs_.is_dirty(partition) ||
                           host_.holdings.is_behind(partition);
      if (is_ours && is_ready(partition)) to_visit_[peer].push_back(partition);
    }
  }
  next_visit();
}

void AntiEntropy::next_visit() {
  const bool is_wanted = is_unfinished_ || !host_.holdings.behind().empty();
  if (to_visit_.empty()) return rest(is_wanted ? soon() : options_.interval);
  visit_ = std::make_shared<Visit>();
  visit_->peer = to_visit_.begin()->first;
  visit_->partitions = std::move(to_visit_.begin()->second);
  visit_->asked_at = now();
  visit_->bytes_before = host_.replicas.bytes_asked();
  to_visit_.erase(to_visit_.begin());
  wire::RootsRequest request{host_.layouts.version(), {}, {}};
  for (const PartitionId partition : visit_->partitions) {
    request.partitions.push_back(partition.value());
    request.roots.push_back(answers_.root(partition));
  }
  host_.replicas.ask<wire::RootsReply>(visit_->peer, request, options_.replica_timeout,
                                       guarded([this](const Result<wire::RootsReply>& reply) {
                                         if (!reply.is_ok()) return end_visit();
                                         on_roots(*reply);
                                       }));
}

void AntiEntropy::on_roots(const wire::RootsReply& reply) {
  ++rounds_;
  std::vector<uint32_t> unequal = reply.differing;
  unequal.insert(unequal.end(), reply.unready.begin(), reply.unready.end());
  std::sort(unequal.begin(), unequal.end());
  for (const PartitionId partition : visit_->partitions) {
    if (std::binary_search(unequal.begin(), unequal.end(), partition.value())) continue;
    proofs_.prove(partition, visit_->peer, visit_->asked_at);
    on_shared(partition, visit_->peer, visit_->asked_at);
  }
  for (const uint32_t partition : reply.differing) {
    proofs_.mark_dirty(PartitionId{partition}, visit_->asked_at);
    visit_->differing.emplace_back(partition);
  }
  if (visit_->differing.empty()) return end_visit();
  go_on(kSettleTime, &AntiEntropy::next_exchange);
}

void AntiEntropy::next_exchange() {
  while (!visit_->differing.empty() && !is_ready(visit_->differing.front())) {
    visit_->differing.pop_front();
  }
  const bool is_held_up = answers_.has_guest({}) || host_.engine.pressure() > kRoundPressureMax ||
                          !host_.layouts.is_settled();
  if (is_held_up && !visit_->differing.empty()) is_unfinished_ = true;
  if (is_held_up || visit_->differing.empty()) return end_visit();
  answers_.set_closed(true);
  exchange_began_ = now();
  const TreeExchange::Task task{visit_->peer, visit_->differing.front(), host_.layouts.current,
                                options_.replica_timeout, rng_.next()};
  ++visit_->exchanged;
  exchange_ =
      std::make_unique<TreeExchange>(TreeExchange::Host{host_.engine, host_.local, host_.replicas,
                                                        host_.tree, host_.holdings, host_.timers},
                                     task, [this](const Exchanged& result) {
                                       exchanged_ = result;
                                       go_on(base::Duration::zero(), &AntiEntropy::on_exchanged);
                                     });
  exchange_->start();
}

void AntiEntropy::on_exchanged() {
  exchange_.reset();
  const PartitionId partition = visit_->differing.front();
  visit_->differing.pop_front();
  visit_->records_sent += exchanged_.records_sent;
  visit_->records_got += exchanged_.records_got;
  records_ += exchanged_.records_sent + exchanged_.records_got;
  collected_ += exchanged_.collected;
  const base::Code code = exchanged_.status.code();
  if (exchanged_.is_shared) {
    if (exchanged_.horizon > host_.holdings.horizon(partition)) {
      host_.holdings.raise_horizon(partition, exchanged_.horizon);
      host_.save_holdings([](const base::Status&) {});
    }
    on_shared(partition, visit_->peer, exchange_began_);
  }
  if (exchanged_.is_equal && is_ready(partition)) {
    proofs_.prove(partition, visit_->peer, exchange_began_);
  } else if (code == base::Code::kOk || code == base::Code::kOverloaded) {
    is_unfinished_ = true;
  }
  host_.log.debug("partition_exchanged", {{"partition", partition.value()},
                                          {"peer", visit_->peer.value()},
                                          {"sent", exchanged_.records_sent},
                                          {"got", exchanged_.records_got},
                                          {"status", exchanged_.status.to_string()}});
  // The peer is gone, or busy: nothing more to be had from it now. Where it only does not compare
  // this partition, it may compare others.
  if (!exchanged_.status.is_ok() && code != base::Code::kUnavailable) return end_visit();
  next_exchange();
}

void AntiEntropy::on_shared(PartitionId partition, const NodeId& peer, MonotonicTime at) {
  proofs_.share(partition, peer, at);
  catch_up(partition);
}

void AntiEntropy::catch_up(PartitionId partition) {
  if (!host_.holdings.is_behind(partition)) return;
  const size_t peers = proofs_.peers_of(partition).size();
  const size_t needed =
      std::min(peers, peers + 2 - std::min<size_t>(options_.write_quorum, peers + 1));
  if (proofs_.count_shared(partition, MonotonicTime::min()) < needed) return;
  host_.holdings.catch_up(partition);
  host_.save_holdings([](const base::Status&) {});
  if (host_.holdings.behind().empty()) host_.log.info("store_caught_up", {});
}

void AntiEntropy::end_visit() {
  if (visit_->records_sent + visit_->records_got > 0) {
    host_.log.info("replicas_exchanged",
                   {{"peer", visit_->peer.value()},
                    {"partitions", visit_->exchanged},
                    {"sent", visit_->records_sent},
                    {"got", visit_->records_got},
                    {"bytes", host_.replicas.bytes_asked() - visit_->bytes_before}});
  }
  exchange_.reset();
  visit_.reset();
  answers_.set_closed(false);
  go_on(base::Duration::zero(), &AntiEntropy::next_visit);
}

wire::RootsReply AntiEntropy::answer_roots(const NodeId& from, const wire::RootsRequest& request) {
  wire::RootsReply reply = answers_.roots(request);
  if (reply.code != base::Code::kOk) return reply;
  std::vector<uint32_t> unequal = reply.differing;
  unequal.insert(unequal.end(), reply.unready.begin(), reply.unready.end());
  std::sort(unequal.begin(), unequal.end());
  for (const uint32_t partition : request.partitions) {
    if (std::binary_search(unequal.begin(), unequal.end(), partition)) continue;
    proofs_.prove(PartitionId{partition}, from, now());
    on_shared(PartitionId{partition}, from, now());
  }
  return reply;
}

wire::LeavesReply AntiEntropy::answer_leaves(const NodeId& from,
                                             const wire::LeavesRequest& request) {
  const wire::LeavesReply reply = answers_.leaves(from, request);
  if (request.horizon > host_.holdings.horizon(request.partition)) mark_dirty(request.partition);
  return reply;
}

wire::AntiEntropyStatus AntiEntropy::status() const {
  wire::AntiEntropyStatus status;
  for (const PartitionId partition : proofs_.partitions()) {
    wire::PartitionProof proof{partition.value()};
    if (const auto proven = proofs_.proven(partition, now())) {
      const auto age = std::chrono::duration_cast<std::chrono::seconds>(now() - *proven).count();
      proof.age_s = static_cast<uint32_t>(std::min<int64_t>(age, wire::PartitionProof::kNever - 1));
    }
    status.proofs.push_back(proof);
    if (!is_ready(partition)) ++status.building;
  }
  status.dirty = static_cast<uint32_t>(proofs_.dirty_count());
  status.rounds = rounds_;
  status.records = records_;
  status.bytes = host_.replicas.bytes_asked();
  status.collected = collected_ + answers_.collected();
  status.behind = static_cast<uint32_t>(host_.holdings.behind().size());
  return status;
}

}  // namespace distkv::repair
