#include "repair/hint_waits.h"

#include <algorithm>
#include <utility>

namespace distkv::repair {

using base::Code;
using base::Result;
using base::Status;

HintWaits::~HintWaits() {
  timers_.stop(poll_timer_);
  for (const auto& wait : waits_) {
    timers_.stop(wait->timeout);
    timers_.stop(wait->next_page);
    wait->done = nullptr;
  }
}

void HintWaits::wait(std::optional<base::NodeId> target, base::Duration timeout, Done done) {
  if (waits_.size() >= kHintWaitsMax) {
    return done(Status(Code::kOverloaded, "too many wait for hints already"));
  }
  auto wait = std::make_shared<Wait>();
  wait->target = std::move(target);
  wait->through = hints_.last_sequence();
  wait->done = std::move(done);
  wait->timeout = timers_.start(timeout, [this, wait] { finish(wait, false); });
  waits_.push_back(wait);
  if (waits_.size() == 1) poll_timer_ = timers_.start(kHintWaitPoll, [this] { poll(); });
  step(wait);
}

void HintWaits::stop() {
  for (const auto& wait : std::vector(waits_)) {
    finish(wait, Status(Code::kShuttingDown, "the node is stopping; ask another"));
  }
}

void HintWaits::poll() {
  for (const auto& wait : std::vector(waits_)) step(wait);
  if (!waits_.empty()) poll_timer_ = timers_.start(kHintWaitPoll, [this] { poll(); });
}

// Adds that are under way may become durable behind the mark, so they come first.
void HintWaits::step(const std::shared_ptr<Wait>& wait) {
  if (wait->is_walking || hints_.frontier().sequence <= wait->through) return;
  wait->is_walking = true;
  hints_.walk(wait->target, wait->after, [this, wait](Result<replica::HintHeads> page) {
    if (wait->done) on_page(wait, std::move(page));
  });
}

void HintWaits::on_page(const std::shared_ptr<Wait>& wait, Result<replica::HintHeads> page) {
  wait->is_walking = false;
  if (!page.is_ok()) {
    // An engine with much to do has time at the next poll.
    if (page.code() == Code::kOverloaded) return;
    return finish(wait, page.status());
  }
  const bool is_held = std::any_of(page->heads.begin(), page->heads.end(), [&](const auto& head) {
    return head.header.oldest.sequence <= wait->through;
  });
  if (is_held) return;
  if (!page->next) return finish(wait, true);
  wait->after = std::move(page->next);
  // Not a recursion, however many pages there are.
  wait->next_page = timers_.start({}, [this, wait] { step(wait); });
}

void HintWaits::finish(const std::shared_ptr<Wait>& wait, Result<bool> outcome) {
  if (!wait->done) return;
  timers_.stop(wait->timeout);
  timers_.stop(wait->next_page);
  std::erase(waits_, wait);
  if (waits_.empty()) timers_.stop(poll_timer_);
  std::exchange(wait->done, nullptr)(std::move(outcome));
}

}  // namespace distkv::repair
