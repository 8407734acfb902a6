#include "repair/transfer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::repair {

using base::Result;
using base::Status;

Transfer::Transfer(ring::LiveLayouts layouts, storage::Engine& engine, replica::Replicas& replicas,
                   const replica::Holdings& holdings, base::Timers& timers, base::Log& log,
                   base::Duration replica_timeout, std::function<void()> done)
    : layouts_(std::move(layouts)),
      engine_(engine),
      replicas_(replicas),
      holdings_(holdings),
      timers_(timers),
      log_(log),
      replica_timeout_(replica_timeout),
      done_(std::move(done)) {
  DISTKV_CHECK(!layouts_.is_settled());
  for (const ring::Move& move : ring::plan_moves(*layouts_.previous, *layouts_.current)) {
    const bool is_source =
        std::count(move.sources.begin(), move.sources.end(), replicas.self()) > 0;
    if (is_source && !move.targets.empty()) add(move);
  }
}

void Transfer::add(const ring::Move& move) {
  std::vector<base::NodeId> targets = move.targets;
  std::sort(targets.begin(), targets.end());
  if (!stretches_.empty() && stretches_.back().targets == targets &&
      stretches_.back().last.value() + 1 == move.partition.value()) {
    stretches_.back().last = move.partition;
  } else {
    stretches_.push_back({move.partition, move.partition, std::move(targets)});
  }
}

Transfer::~Transfer() { timers_.stop(timer_); }

template <typename Callback>
auto Transfer::guarded(Callback callback) {
  return [life = std::weak_ptr<Life>(life_), callback = std::move(callback)](auto&&... arguments) {
    if (!life.expired()) callback(std::forward<decltype(arguments)>(arguments)...);
  };
}

// The sync comes first: a write taken under the layout before may be visible and not yet durable,
// and a scan shows only what is durable.
void Transfer::start() {
  engine_.sync(guarded([this](const Status& status) {
    if (!status.is_ok()) return retry_later([this] { start(); });
    next_stretch();
  }));
}

void Transfer::next_stretch() {
  after_.reset();
  if (stretch_ < stretches_.size()) {
    // From a timer, so that a long list of empty stretches is a loop and not a recursion.
    timer_ = timers_.start(base::Duration::zero(), [this] { tell_horizons(); });
    return;
  }
  log_.info("transfer_finished", {{"layout", layouts_.version().value()},
                                  {"stretches", stretches_.size()},
                                  {"records", records_sent_}});
  done_();
}

// A new replica may have been told of old writes already, by a late hint: it must not answer reads
// before it knows, from the exchange that follows, which of them were superseded and collected.
void Transfer::tell_horizons() {
  const Stretch& stretch = stretches_[stretch_];
  wire::HorizonRequest request{layouts_.version(), wire::HorizonStep::kInherit, {}, {}};
  for (uint32_t number = stretch.first.value(); number <= stretch.last.value(); ++number) {
    const base::Counter horizon = holdings_.horizon(base::PartitionId{number});
    if (horizon == base::Counter{}) continue;
    request.horizon = std::max(request.horizon, horizon);
    request.partitions.push_back(number);
  }
  if (request.partitions.empty()) return scan_page();
  struct Telling {
    size_t waiting;
    bool has_failed = false;
  };
  const auto telling = std::make_shared<Telling>(Telling{stretch.targets.size()});
  for (const base::NodeId& target : stretch.targets) {
    replicas_.ask<wire::HorizonReply>(target, request, replica_timeout_,
                                      guarded([this, telling, asked = request.partitions](
                                                  const Result<wire::HorizonReply>& reply) {
                                        // One that has not heard of the layout yet takes nothing.
                                        if (!reply.is_ok() || reply->partitions != asked)
                                          telling->has_failed = true;
                                        if (--telling->waiting > 0) return;
                                        if (telling->has_failed)
                                          return retry_later([this] { tell_horizons(); });
                                        scan_page();
                                      }));
  }
}

void Transfer::scan_page() {
  const Stretch& stretch = stretches_[stretch_];
  storage::Scan scan;
  scan.range = {storage::Space::kData, layouts_.current->first_token(stretch.first),
                layouts_.current->last_token(stretch.last)};
  scan.after = after_;
  scan.items_max = kTransferItemsInFlight;
  scan.bytes_max = kTransferBytesInFlight;
  engine_.scan(scan, guarded([this](Result<storage::Page> found) {
                 if (!found.is_ok()) {
                   log_.error("transfer_scan_failed", {{"why", found.status().to_string()}});
                   return retry_later([this] { scan_page(); });
                 }
                 auto page = std::make_shared<Page>();
                 page->items = std::move(found->items);
                 page->is_last = found->is_last;
                 page->last = std::move(found->last);
                 const size_t targets = stretches_[stretch_].targets.size();
                 for (size_t item = 0; item < page->items.size(); ++item) {
                   for (size_t i = 0; i < targets; ++i) page->open.push_back({item, i});
                 }
                 send_page(page);
               }));
}

void Transfer::send_page(const std::shared_ptr<Page>& page) {
  const std::vector<base::NodeId>& targets = stretches_[stretch_].targets;
  const std::vector<Sending> open = std::exchange(page->open, {});
  page->waiting = open.size() + 1;
  for (const Sending& sending : open) {
    const storage::Item& item = page->items[sending.item];
    replicas_.apply(targets[sending.target], {item.key, item.token},
                    {item.entry.meta, item.entry.value}, layouts_.version(), replica_timeout_,
                    guarded([this, page, sending](const Status& status) {
                      if (!status.is_ok()) page->open.push_back(sending);
                      finish_one(page);
                    }));
  }
  finish_one(page);
}

void Transfer::finish_one(const std::shared_ptr<Page>& page) {
  if (--page->waiting > 0) return;
  if (!page->open.empty()) return retry_later([this, page] { send_page(page); });
  records_sent_ += page->items.size();
  after_ = page->last;
  if (!page->is_last) return scan_page();
  ++stretch_;
  next_stretch();
}

void Transfer::retry_later(std::function<void()> again) {
  log_.debug("transfer_retried", {{"layout", layouts_.version().value()}});
  timer_ = timers_.start(kTransferRetryInterval, std::move(again));
}

}  // namespace distkv::repair
