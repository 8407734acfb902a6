#include "repair/hint_delivery.h"

#include <algorithm>
#include <utility>

#include "ring/token.h"

namespace distkv::repair {

using base::Code;
using base::NodeId;
using base::Result;
using base::Status;

namespace {

size_t bytes_of(const std::vector<replica::Hint>& page) {
  size_t bytes = 0;
  for (const replica::Hint& hint : page) {
    bytes += hint.key.size() + hint.record.meta.size() + hint.record.values.size();
  }
  return bytes;
}

}  // namespace

void HintDelivery::start() {
  is_running_ = true;
  run_passes();
}

void HintDelivery::stop() {
  is_running_ = false;
  host_.timers.stop(pass_timer_);
  host_.timers.stop(room_timer_);
  for (auto& [target, backoff] : backoffs_) host_.timers.stop(backoff.timer);
  backoffs_.clear();
  waiting_.clear();
}

void HintDelivery::run_passes() {
  pass_timer_ = host_.timers.start(kHintPassInterval, [this] { run_passes(); });
  std::vector<NodeId> targets;
  for (const auto& [target, counts] : host_.hints.ledger().targets()) {
    if (counts.pending > 0) targets.push_back(target);
  }
  for (const NodeId& target : targets) begin(target);
  // Those that ran out while no pass was under way.
  std::erase_if(backoffs_, [&](const auto& one) {
    return one.second.is_over &&
           std::find(targets.begin(), targets.end(), one.first) == targets.end();
  });
}

void HintDelivery::wake(const NodeId& node) {
  const auto backoff = backoffs_.find(node);
  if (backoff != backoffs_.end()) {
    host_.timers.stop(backoff->second.timer);
    backoffs_.erase(backoff);
  }
  const auto& targets = host_.hints.ledger().targets();
  const auto counts = targets.find(node);
  if (counts != targets.end() && counts->second.pending > 0) begin(node);
}

void HintDelivery::begin(const NodeId& target) {
  const auto backoff = backoffs_.find(target);
  const bool waits = backoff != backoffs_.end() && !backoff->second.is_over;
  if (!is_running_ || waits || !host_.replicas.is_alive(target)) return;
  if (!active_.insert(target).second) return;
  auto pass = std::make_shared<Pass>();
  pass->target = target;
  next_page(pass);
}

void HintDelivery::next_page(const std::shared_ptr<Pass>& pass) {
  waiting_.push_back(pass);
  if (waiting_.size() == 1) let_in_soon();
}

void HintDelivery::let_in_soon() {
  host_.timers.stop(room_timer_);
  room_timer_ = host_.timers.start(base::Duration::zero(), [this] { let_in(); });
}

void HintDelivery::let_in() {
  const auto has_room = [this] {
    return bytes_in_flight_ == 0 || bytes_in_flight_ + kHintPage.bytes <= kHintBytesInFlight;
  };
  while (!waiting_.empty() && has_room()) {
    const std::shared_ptr<Pass> pass = std::move(waiting_.front());
    waiting_.pop_front();
    read_page(pass);
  }
}

void HintDelivery::read_page(const std::shared_ptr<Pass>& pass) {
  take(pass, kHintPage.bytes);
  host_.hints.list(
      pass->target, pass->after, kHintPage,
      [this, pass](Result<std::vector<replica::Hint>> page) { on_page(pass, std::move(page)); });
}

void HintDelivery::on_page(const std::shared_ptr<Pass>& pass,
                           Result<std::vector<replica::Hint>> page) {
  if (!is_running_) return end(pass);
  if (!page.is_ok()) {
    // Damage is healed, and a store that is full of work tries again.
    if (page.code() != Code::kOverloaded) {
      host_.log.warn("hints_unreadable", {{"why", page.status().to_string()}});
    }
    pass->failure = page.status();
    return end(pass);
  }
  if (page->empty()) {
    if (pass->has_sent) backoffs_.erase(pass->target);
    return end(pass);
  }
  pass->page = std::move(*page);
  pass->after = pass->page.back().key;
  take(pass, bytes_of(pass->page));
  pass->waiting = pass->page.size() + 1;
  for (size_t i = 0; i < pass->page.size(); ++i) deliver(pass, i);
  finish_one(pass);
}

void HintDelivery::deliver(const std::shared_ptr<Pass>& pass, size_t hint) {
  const replica::Hint& kept = pass->page[hint];
  if (is_orphan(host_.layouts, pass->target, kept.key, kept.header)) {
    host_.log.debug("hint_orphaned", {{"target", pass->target.value()}});
    return finish_one(pass);
  }
  pass->has_sent = true;
  host_.replicas.apply(
      pass->target, {kept.key, ring::token_of(kept.key)}, kept.record.view(),
      host_.layouts.version(), host_.replica_timeout,
      [this, pass, hint](const Status& status) { on_delivered(pass, hint, status); });
}

void HintDelivery::on_delivered(const std::shared_ptr<Pass>& pass, size_t hint,
                                const Status& status) {
  if (!status.is_ok()) {
    if (status.code() == Code::kStaleLayout) host_.on_stale_layout(pass->target);
    pass->failure = status;
    return finish_one(pass);
  }
  pass->has_delivered = true;
  host_.hints.remove(pass->target, pass->page[hint],
                     [this, pass](const Status&) { finish_one(pass); });
}

void HintDelivery::finish_one(const std::shared_ptr<Pass>& pass) {
  if (--pass->waiting > 0) return;
  pass->page.clear();
  take(pass, 0);
  if (!is_running_ || !pass->failure.is_ok() || host_.is_pressed()) return end(pass);
  next_page(pass);
}

void HintDelivery::end(const std::shared_ptr<Pass>& pass) {
  take(pass, 0);
  active_.erase(pass->target);
  const bool is_in_vain = !pass->failure.is_ok() || !pass->has_sent;
  if (!is_running_ || !is_in_vain) return;
  // One that took some of them is not gone, only busy: it is asked to take more soon.
  if (pass->has_delivered) backoffs_[pass->target].delay = {};
  back_off(pass->target);
}

void HintDelivery::back_off(const NodeId& target) {
  Backoff& backoff = backoffs_[target];
  backoff.delay = std::clamp(2 * backoff.delay, kHintRetryMin, kHintRetryMax);
  host_.log.debug("hint_delivery_delayed", {{"target", target.value()}});
  backoff.is_over = false;
  backoff.timer = host_.timers.start(backoff.delay, [this, target] {
    backoffs_[target].is_over = true;
    begin(target);
  });
}

void HintDelivery::take(const std::shared_ptr<Pass>& pass, size_t bytes) {
  const bool gives_back = bytes < pass->bytes;
  bytes_in_flight_ += bytes - pass->bytes;
  pass->bytes = bytes;
  if (gives_back && is_running_ && !waiting_.empty()) let_in_soon();
}

}  // namespace distkv::repair
