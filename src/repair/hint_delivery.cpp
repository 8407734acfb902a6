#include "repair/hint_delivery.h"

#include <utility>

#include "ring/token.h"

namespace distkv::repair {

using base::NodeId;
using base::Result;
using base::Status;

HintDelivery::HintDelivery(replica::HintStore& hints, replica::Replicas& replicas,
                           const ring::LiveLayouts& layouts, base::Timers& timers, base::Log& log,
                           base::Duration replica_timeout)
    : hints_(hints),
      replicas_(replicas),
      layouts_(layouts),
      timers_(timers),
      log_(log),
      replica_timeout_(replica_timeout) {}

HintDelivery::~HintDelivery() { stop(); }

void HintDelivery::start() {
  is_running_ = true;
  run_passes();
}

void HintDelivery::stop() {
  is_running_ = false;
  timers_.stop(timer_);
}

void HintDelivery::run_passes() {
  timer_ = timers_.start(kHintPassInterval, [this] { run_passes(); });
  std::vector<NodeId> targets;
  for (const auto& [target, count] : hints_.pending()) targets.push_back(target);
  for (const NodeId& target : targets) begin(target);
}

void HintDelivery::wake(const NodeId& node) {
  if (is_running_ && hints_.pending().contains(node)) begin(node);
}

void HintDelivery::begin(const NodeId& target) {
  if (!replicas_.is_alive(target) || !active_.insert(target).second) return;
  auto pass = std::make_shared<Pass>();
  pass->target = target;
  next_page(pass, std::nullopt);
}

void HintDelivery::next_page(const std::shared_ptr<Pass>& pass, std::optional<std::string> after) {
  hints_.list(pass->target, after, kHintsInFlight,
              [this, pass](Result<std::vector<replica::Hint>> page) {
                if (!page.is_ok())
                  log_.error("hints_unreadable", {{"why", page.status().to_string()}});
                if (!is_running_ || !page.is_ok() || page->empty()) {
                  active_.erase(pass->target);
                  return;
                }
                pass->page = std::move(*page);
                pass->waiting = pass->page.size() + 1;
                for (size_t i = 0; i < pass->page.size(); ++i) deliver(pass, i);
                finish_one(pass);
              });
}

void HintDelivery::deliver(const std::shared_ptr<Pass>& pass, size_t hint) {
  const replica::Hint& kept = pass->page[hint];
  replicas_.apply(pass->target, {kept.key, ring::token_of(kept.key)}, kept.record.view(),
                  layouts_.version(), replica_timeout_,
                  [this, pass, hint](const Status& status) { on_delivered(pass, hint, status); });
}

void HintDelivery::on_delivered(const std::shared_ptr<Pass>& pass, size_t hint,
                                const Status& status) {
  if (!status.is_ok()) {
    pass->has_failed = true;
    return finish_one(pass);
  }
  ++delivered_;
  hints_.remove(pass->target, pass->page[hint], [this, pass](const Status&) { finish_one(pass); });
}

void HintDelivery::finish_one(const std::shared_ptr<Pass>& pass) {
  if (--pass->waiting > 0) return;
  if (pass->has_failed || !is_running_) {
    active_.erase(pass->target);
    return;
  }
  next_page(pass, pass->page.back().key);
}

}  // namespace distkv::repair
