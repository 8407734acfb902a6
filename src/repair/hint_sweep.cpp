#include "repair/hint_sweep.h"

#include <algorithm>
#include <utility>

#include "ring/token.h"

namespace distkv::repair {

using base::Code;
using base::NodeId;
using base::Result;
using base::Status;

template <typename Callback>
auto HintSweep::guarded(Callback callback) {
  return [life = std::weak_ptr<Sweep>(sweep_), callback](auto&&... arguments) {
    if (!life.expired()) callback(std::forward<decltype(arguments)>(arguments)...);
  };
}

void HintSweep::start() { begin(); }

void HintSweep::stop() {
  host_.timers.stop(timer_);
  sweep_.reset();
}

void HintSweep::go_on(base::Duration delay, void (HintSweep::*step)()) {
  timer_ = host_.timers.start(delay, [this, step] { (this->*step)(); });
}

void HintSweep::begin() {
  sweep_ = std::make_shared<Sweep>();
  sweep_->began = host_.hints.now();
  read_page();
}

void HintSweep::read_page() {
  host_.hints.walk(std::nullopt, sweep_->next, guarded([this](Result<replica::HintHeads> page) {
                     // Damage is healed, and an engine with much to do has time later.
                     if (!page.is_ok()) return go_on(kHintSweepInterval, &HintSweep::begin);
                     sweep_->heads = std::move(page->heads);
                     sweep_->head = 0;
                     sweep_->next = std::move(page->next);
                     expire_page();
                   }));
}

void HintSweep::expire_page() {
  const auto is_expired = [this](const auto& head) { return host_.hints.is_expired(head.header); };
  sweep_->expiring = 1;  // Held until every expiry has been started, as one may end at once.
  const auto finish_one = guarded([this](const Status&) {
    if (--sweep_->expiring == 0) next_head();
  });
  for (const replica::HintHead& head : sweep_->heads) {
    if (!is_expired(head)) continue;
    ++sweep_->expiring;
    host_.hints.expire(head, finish_one);
  }
  std::erase_if(sweep_->heads, is_expired);
  finish_one(Status::ok());
}

// Ends the page, or waits for an orphan's replicas.
void HintSweep::next_head() {
  while (sweep_->head < sweep_->heads.size()) {
    const replica::HintHead& head = sweep_->heads[sweep_->head++];
    const auto [oldest, is_new] = sweep_->oldest.try_emplace(head.target, head.header.oldest.at);
    if (!is_new) oldest->second = std::min(oldest->second, head.header.oldest.at);
    const bool is_sent =
        sweep_->may_send && is_orphan(host_.layouts, head.target, head.key, head.header);
    if (is_sent) return send(head);
  }
  end_page();
}

void HintSweep::end_page() {
  if (sweep_->next) {
    return go_on(host_.is_pressed() ? kHintSweepYield : kHintSweepPause, &HintSweep::read_page);
  }
  host_.hints.refresh_oldest(sweep_->oldest, sweep_->began);
  go_on(kHintSweepInterval, &HintSweep::begin);
}

void HintSweep::send(const replica::HintHead& head) {
  auto sending = std::make_shared<Sending>();
  sending->head = head;
  host_.hints.find(head.target, head.key,
                   guarded([this, sending](Result<std::optional<replica::Hint>> found) {
                     if (!found.is_ok() || !found->has_value()) {
                       return go_on({}, &HintSweep::next_head);
                     }
                     sending->hint = std::move(**found);
                     send_to_all(sending);
                   }));
}

void HintSweep::send_to_all(const std::shared_ptr<Sending>& sending) {
  const std::vector<NodeId> replicas = replicas_of(host_.layouts, sending->head.key);
  sending->waiting = replicas.size() + 1;
  for (const NodeId& replica : replicas) {
    host_.replicas.apply(replica, {sending->head.key, ring::token_of(sending->head.key)},
                         sending->hint.record.view(), host_.layouts.version(),
                         host_.replica_timeout,
                         guarded([this, sending, replica](const Status& status) {
                           if (status.code() == Code::kStaleLayout) host_.on_stale_layout(replica);
                           if (!status.is_ok()) sending->has_failed = true;
                           finish_one(sending);
                         }));
  }
  finish_one(sending);
}

void HintSweep::finish_one(const std::shared_ptr<Sending>& sending) {
  if (--sending->waiting > 0) return;
  if (sending->has_failed) {
    sweep_->may_send = false;
    return go_on({}, &HintSweep::next_head);
  }
  host_.hints.remove(sending->head.target, sending->hint,
                     guarded([this](const Status&) { go_on({}, &HintSweep::next_head); }));
}

}  // namespace distkv::repair
