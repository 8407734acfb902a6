#include "repair/collector.h"

#include <algorithm>
#include <utility>

#include "causality/horizon.h"

namespace distkv::repair {

using base::NodeId;
using base::PartitionId;
using base::Result;
using base::Status;
using wire::HorizonStep;

void Collector::stop() {
  host_.timers.stop(timer_);
  batch_.reset();
  to_look_.clear();
  after_.clear();
  newest_ = {};
}

void Collector::on_layouts_changed() {
  if (!batch_) return;
  stop();
  rest();
}

void Collector::go_on(base::Duration delay, void (Collector::*step)()) {
  host_.timers.stop(timer_);
  timer_ = host_.timers.start(delay, [this, step] { (this->*step)(); });
}

template <typename Callback>
auto Collector::guarded(Callback callback) {
  return
      [batch = std::weak_ptr<Batch>(batch_), callback = std::move(callback)](auto&&... arguments) {
        if (!batch.expired()) callback(std::forward<decltype(arguments)>(arguments)...);
      };
}

void Collector::rest() {
  const base::Duration duration = std::clamp(options_.grace / 4, kCollectRestMin, kCollectRestMax);
  go_on(duration, &Collector::begin_round);
}

bool Collector::is_ours(PartitionId partition) const {
  const ring::Layout& layout = *host_.layouts.current;
  const auto row = layout.replicas_of(partition);
  // Nodes stand in order of their ids.
  const NodeId& least = layout.node(*std::min_element(row.begin(), row.end())).id;
  return least == host_.replicas.self() &&
         std::all_of(row.begin(), row.end(), [&](ring::NodeIndex replica) {
           return host_.replicas.is_alive(layout.node(replica).id);
         });
}

void Collector::begin_round() {
  if (!host_.layouts.is_settled()) return rest();
  const auto grace = std::chrono::duration_cast<std::chrono::milliseconds>(options_.grace);
  batch_ = std::make_shared<Batch>();
  batch_->layout = host_.layouts.current;
  usual_horizon_ = causality::counter_at(host_.clock.wall_now() - grace);
  to_look_.clear();
  after_.clear();
  newest_ = {};
  for (uint32_t number = 0; number < batch_->layout->partition_count; ++number) {
    const PartitionId partition{number};
    if (host_.holdings.horizon(partition) >= horizon_of(partition) || !is_ours(partition)) continue;
    to_look_.push_back(partition);
  }
  look();
}

base::Counter Collector::horizon_of(PartitionId partition) const {
  const auto aging = aging_.find(partition);
  if (aging == aging_.end()) return usual_horizon_;
  const bool is_old = host_.clock.now() - aging->second.since >= options_.grace;
  return is_old ? std::max(usual_horizon_, aging->second.newest) : usual_horizon_;
}

// Until so many partitions have something to collect, all were looked at, or the next is to have
// another horizon.
void Collector::look() {
  const bool is_last = to_look_.empty() || batch_->partitions.size() == kCollectPartitions;
  if (is_last && batch_->partitions.empty()) {
    batch_.reset();
    return rest();
  }
  if (batch_->partitions.empty()) batch_->horizon = horizon_of(to_look_.front());
  if (is_last || horizon_of(to_look_.front()) != batch_->horizon) {
    return ask_all(HorizonStep::kPromise, &Collector::on_promised);
  }
  if (host_.engine.pressure() > kSpentPressureMax) return go_on(kSpentYield, &Collector::look);
  walk_leaves(host_.engine, {leaves_of(*batch_->layout, to_look_.front()), after_, ""}, kSpentItems,
              guarded([this](Result<WalkedPage> page) { on_page(std::move(page)); }));
}

void Collector::on_page(Result<WalkedPage> page) {
  after_ = page.is_ok() ? page->last : std::string();
  const bool is_found = page.is_ok() && has_spent(*page, batch_->horizon);
  if (page.is_ok()) newest_ = std::max(newest_, newest_tombstone(*page));
  if (is_found) batch_->partitions.insert(to_look_.front());
  if (is_found || after_.empty()) {
    const PartitionId partition = to_look_.front();
    if (newest_ > batch_->horizon) aging_.try_emplace(partition, Aging{newest_, host_.clock.now()});
    after_.clear();
    newest_ = {};
    to_look_.pop_front();
  }
  go_on(kSpentPause, &Collector::look);
}

// Asks each replica of the batch's partitions, this one too, and goes on when all have answered.
void Collector::ask_all(HorizonStep step, void (Collector::*next)()) {
  std::map<NodeId, std::vector<uint32_t>> asked;
  for (const PartitionId partition : batch_->partitions) {
    for (const ring::NodeIndex replica : batch_->layout->replicas_of(partition)) {
      asked[batch_->layout->node(replica).id].push_back(partition.value());
    }
  }
  batch_->taken.clear();
  batch_->waiting = asked.size();
  const auto finish_one = guarded([this, next](const std::vector<uint32_t>& partitions) {
    for (const uint32_t partition : partitions) ++batch_->taken[PartitionId{partition}];
    // From a timer: answers may come within the asking.
    if (--batch_->waiting == 0) go_on(base::Duration::zero(), next);
  });
  for (auto& [node, partitions] : asked) {
    const wire::HorizonRequest request{batch_->layout->version, step, batch_->horizon,
                                       std::move(partitions)};
    if (node == host_.replicas.self()) {
      host_.answers.answer(
          request, [finish_one](const wire::HorizonReply& reply) { finish_one(reply.partitions); });
      continue;
    }
    host_.replicas.ask<wire::HorizonReply>(
        node, request, options_.replica_timeout,
        [finish_one](const Result<wire::HorizonReply>& reply) {
          finish_one(reply.is_ok() ? reply->partitions : std::vector<uint32_t>());
        });
  }
}

// Only what every replica took goes on.
void Collector::keep_taken() {
  std::erase_if(batch_->partitions, [this](PartitionId partition) {
    return batch_->taken[partition] < batch_->layout->replicas_of(partition).size();
  });
}

void Collector::on_promised() {
  keep_taken();
  if (batch_->partitions.empty()) return on_adopted();
  ask_for_proof();
}

void Collector::ask_for_proof() { ask_all(HorizonStep::kProve, &Collector::on_proven); }

void Collector::on_proven() {
  const bool are_all = std::all_of(
      batch_->partitions.begin(), batch_->partitions.end(), [this](PartitionId partition) {
        return batch_->taken[partition] == batch_->layout->replicas_of(partition).size();
      });
  if (!are_all && ++batch_->tries < kProveTriesMax) {
    return go_on(kProveInterval, &Collector::ask_for_proof);
  }
  keep_taken();
  if (batch_->partitions.empty()) return on_adopted();
  ask_all(HorizonStep::kAdopt, &Collector::on_adopted);
}

void Collector::on_adopted() {
  if (!batch_->partitions.empty()) {
    host_.log.info("horizons_moved", {{"partitions", batch_->partitions.size()}});
  }
  for (const PartitionId partition : batch_->partitions) {
    const auto aging = aging_.find(partition);
    if (aging != aging_.end() && aging->second.newest <= batch_->horizon) aging_.erase(aging);
  }
  // The same round goes on with the partitions that are left.
  batch_->partitions.clear();
  batch_->tries = 0;
  look();
}

}  // namespace distkv::repair
