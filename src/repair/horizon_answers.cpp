#include "repair/horizon_answers.h"

#include <memory>
#include <utility>

namespace distkv::repair {

using base::Code;
using base::Counter;
using base::MonotonicTime;
using base::PartitionId;
using base::Result;
using base::Status;
using wire::HorizonStep;

void HorizonAnswers::stop() {
  host_.timers.stop(timer_);
  life_ = std::make_shared<bool>(true);
  to_clear_.clear();
  is_clearing_ = false;
}

template <typename Callback>
auto HorizonAnswers::guarded(Callback callback) {
  return [life = std::weak_ptr<bool>(life_), callback = std::move(callback)](auto&&... arguments) {
    if (!life.expired()) callback(std::forward<decltype(arguments)>(arguments)...);
  };
}

void HorizonAnswers::answer(const wire::HorizonRequest& request,
                            std::function<void(const wire::HorizonReply&)> done) {
  if (!host_.layouts.is_settled() && request.step != HorizonStep::kInherit) {
    return done({Code::kUnavailable, "partitions are moving", {}});
  }
  std::vector<uint32_t> taken;
  for (const uint32_t number : request.partitions) {
    const PartitionId partition{number};
    if (!host_.trees.answers().holds(partition)) continue;
    if (take(request.step, partition, request.horizon)) taken.push_back(number);
  }
  if (taken.empty()) return done({Code::kOk, "", {}});
  const auto answer = guarded([taken, done = std::move(done)](const Status& status) {
    if (!status.is_ok()) return done({status.code(), status.message(), {}});
    done({Code::kOk, "", taken});
  });
  // What was proved to be here may only be visible, and a crash take it.
  if (request.step == HorizonStep::kProve) return host_.engine.sync(answer);
  host_.save_holdings(answer);
}

bool HorizonAnswers::take(HorizonStep step, PartitionId partition, Counter horizon) {
  switch (step) {
    case HorizonStep::kPromise:
      return promise(partition, horizon);
    case HorizonStep::kProve:
      return prove(partition, horizon);
    case HorizonStep::kAdopt:
      return adopt(partition, horizon);
    case HorizonStep::kInherit:
      return inherit(partition, horizon);
  }
  return false;
}

// The floor counts at once: nothing at or below it is minted while it becomes durable.
bool HorizonAnswers::promise(PartitionId partition, Counter horizon) {
  const bool is_able = !host_.holdings.is_behind(partition) &&
                       host_.trees.answers().is_ready(partition) &&
                       host_.holdings.horizon(partition) < horizon;
  if (!is_able) return false;
  host_.holdings.raise_floor(horizon);
  steps_[partition] = {horizon, std::nullopt};
  return true;
}

bool HorizonAnswers::prove(PartitionId partition, Counter horizon) {
  const auto step = steps_.find(partition);
  if (step == steps_.end() || step->second.horizon != horizon) return false;
  if (!step->second.proving_since) {
    step->second.proving_since = host_.clock.now();
    host_.trees.mark_dirty(partition);
  }
  return is_shared(partition, *step->second.proving_since);
}

bool HorizonAnswers::is_shared(PartitionId partition, MonotonicTime since) const {
  const Proofs& proofs = host_.trees.proofs();
  return proofs.count_shared(partition, since) == proofs.peers_of(partition).size();
}

bool HorizonAnswers::adopt(PartitionId partition, Counter horizon) {
  const auto step = steps_.find(partition);
  if (step == steps_.end() || step->second.horizon != horizon) return false;
  const auto since = step->second.proving_since;
  if (!since || !is_shared(partition, *since)) return false;
  steps_.erase(step);
  host_.holdings.raise_horizon(partition, horizon);
  to_clear_.push_back(partition);
  if (!std::exchange(is_clearing_, true)) {
    timer_ = host_.timers.start(kSpentPause, [this] { next_page(); });
  }
  return true;
}

// The horizon may be another partition's, asked for in the same request: then there is nothing to
// catch up with, which the first exchange finds.
bool HorizonAnswers::inherit(PartitionId partition, Counter horizon) {
  host_.holdings.raise_floor(horizon);
  if (host_.holdings.horizon(partition) < horizon) host_.holdings.fall_behind(partition);
  return true;
}

// ---- Taking away what is spent, partition by partition.

void HorizonAnswers::next_page() {
  if (to_clear_.empty()) {
    is_clearing_ = false;
    return;
  }
  if (host_.engine.pressure() > kSpentPressureMax) {
    timer_ = host_.timers.start(kSpentYield, [this] { next_page(); });
    return;
  }
  walk_leaves(host_.engine, {leaves_of(*host_.layouts.current, to_clear_.front()), after_, ""},
              kSpentItems, guarded([this](Result<WalkedPage> page) { on_page(std::move(page)); }));
}

// A page that cannot be read ends the walk of its partition: what is left goes when replicas
// compare it, or with the next horizon.
void HorizonAnswers::on_page(Result<WalkedPage> page) {
  const Counter horizon = host_.holdings.horizon(to_clear_.front());
  WalkedPage found;
  if (page.is_ok()) found = std::move(*page);
  collect_spent(host_.local, horizon, std::move(found),
                guarded([this](const WalkedPage& rest, size_t collected) {
                  collected_here_ += collected;
                  after_ = rest.last;
                  if (after_.empty()) {
                    collected_ += collected_here_;
                    host_.log.info("tombstones_collected",
                                   {{"partition", to_clear_.front().value()},
                                    {"records", std::exchange(collected_here_, 0)}});
                    to_clear_.pop_front();
                  }
                  timer_ = host_.timers.start(kSpentPause, [this] { next_page(); });
                }));
}

}  // namespace distkv::repair
