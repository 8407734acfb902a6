#include "repair/damage_repair.h"

#include <algorithm>

#include "ring/token.h"

namespace distkv::repair {

using base::NodeId;
using base::Result;
using base::Status;
using base::Token;

namespace {

// Ascending and apart.
std::vector<storage::Range> united(std::vector<storage::Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<storage::Range> all;
  for (const storage::Range& range : ranges) {
    if (!all.empty() && range.first <= all.back().last) {
      all.back().last = std::max(all.back().last, range.last);
    } else {
      all.push_back(range);
    }
  }
  return all;
}

// A write needed W votes; with this replica's own gone, N - W + 1 of the others hold one of them.
DamagedStretch::Row row_of(const ring::Layout& layout, base::PartitionId partition,
                           const NodeId& self, uint32_t write_quorum) {
  DamagedStretch::Row row;
  for (const ring::NodeIndex index : layout.replicas_of(partition)) {
    if (layout.node(index).id != self) row.replicas.push_back(layout.node(index).id);
  }
  const size_t all = layout.replicas_of(partition).size();
  const size_t votes = std::clamp<size_t>(write_quorum, 1, all);
  row.needed = std::min(all - votes + 1, row.replicas.size());
  return row;
}

Result<replica::RecordBytes> merge_records(const replica::RecordBytes& a,
                                           const replica::RecordBytes& b) {
  if (a.meta == b.meta) return a;
  const auto left = replica::decode(a.view());
  if (!left.is_ok()) return left.status();
  const auto right = replica::decode(b.view());
  if (!right.is_ok()) return right.status();
  return replica::encode(causality::merge(*left, *right));
}

std::vector<storage::DamagedRange> of_space(const std::vector<storage::DamagedRange>& damaged,
                                            storage::Space space) {
  std::vector<storage::DamagedRange> found;
  std::copy_if(damaged.begin(), damaged.end(), std::back_inserter(found),
               [&](const auto& one) { return one.range.space == space; });
  return found;
}

std::vector<uint64_t> ids_of(const std::vector<storage::DamagedRange>& damaged) {
  std::set<uint64_t> ids;
  for (const storage::DamagedRange& one : damaged) ids.insert(one.id);
  return {ids.begin(), ids.end()};
}

}  // namespace

Result<MergedPage> merge_pages(std::map<NodeId, replica::PulledPage> pages) {
  MergedPage merged;
  for (const auto& [source, page] : pages) {
    if (page.last.empty()) continue;
    const Place last{ring::token_of(page.last), page.last};
    merged.end = merged.end ? std::min(*merged.end, last) : last;
  }
  for (auto& [source, page] : pages) {
    for (replica::PulledRecord& pulled : page.records) {
      const Place place{ring::token_of(pulled.key), pulled.key};
      if (merged.end && place > *merged.end) continue;
      const auto [known, is_new] = merged.records.try_emplace(place, std::move(pulled.record));
      if (is_new) continue;
      auto both = merge_records(known->second, pulled.record);
      if (!both.is_ok()) return both.status();
      known->second = std::move(*both);
    }
  }
  return merged;
}

bool DamagedStretch::is_repairable() const {
  return std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.needed > 0; });
}

std::vector<DamagedStretch> plan_repair(const std::vector<storage::Range>& ranges,
                                        const ring::LiveLayouts& layouts, const NodeId& self,
                                        uint32_t write_quorum) {
  std::vector<DamagedStretch> stretches;
  const ring::Layout& current = *layouts.current;
  for (const storage::Range& range : united(ranges)) {
    const uint32_t last = current.partition_of(range.last).value();
    for (uint32_t i = current.partition_of(range.first).value(); i <= last; ++i) {
      const base::PartitionId partition{i};
      const bool is_ours = current.is_replica(partition, self) ||
                           (layouts.previous && layouts.previous->is_replica(partition, self));
      if (!is_ours) continue;
      DamagedStretch& stretch = stretches.emplace_back();
      stretch.first = std::max(range.first, current.first_token(partition));
      stretch.last = std::min(range.last, current.last_token(partition));
      stretch.rows.push_back(row_of(current, partition, self, write_quorum));
      if (!layouts.previous) continue;
      stretch.rows.push_back(row_of(*layouts.previous, partition, self, write_quorum));
    }
  }
  return stretches;
}

DamageRepair::DamageRepair(const Host& host, const Options& options,
                           std::function<void(storage::Done)> renew_actor,
                           std::function<void(const storage::Range&)> changed)
    : host_(host),
      options_(options),
      renew_actor_(std::move(renew_actor)),
      changed_(std::move(changed)) {}

template <typename Callback>
auto DamageRepair::guarded(Callback callback) {
  return
      [round = std::weak_ptr<Round>(round_), callback = std::move(callback)](auto&&... arguments) {
        if (!round.expired()) callback(std::forward<decltype(arguments)>(arguments)...);
      };
}

void DamageRepair::start() {
  poll_timer_ = host_.timers.start(kDamagePollInterval, [this] { poll(); });
}

void DamageRepair::stop() {
  host_.timers.stop(poll_timer_);
  host_.timers.stop(step_timer_);
  round_.reset();
}

void DamageRepair::go_on(base::Duration delay, void (DamageRepair::*step)()) {
  step_timer_ = host_.timers.start(delay, [this, step] { (this->*step)(); });
}

void DamageRepair::poll() {
  poll_timer_ = host_.timers.start(kDamagePollInterval, [this] { poll(); });
  if (round_ != nullptr) return;
  state_.clear();
  const std::vector<storage::DamagedRange> damaged = host_.engine.damaged();
  if (damaged.empty()) return;
  report_lost(of_space(damaged, storage::Space::kNode));
  drop_hints(of_space(damaged, storage::Space::kHints));
  const auto records = of_space(damaged, storage::Space::kData);
  if (!records.empty()) begin(records);
}

// Nobody else has the node's identity.
void DamageRepair::report_lost(const std::vector<storage::DamagedRange>& damaged) {
  for (const uint64_t id : ids_of(damaged)) {
    if (!reported_.insert(id).second) continue;
    host_.log.error("damage_not_repairable",
                    {{"table", id},
                     {"why",
                      "the node's own records are in it; restore a checkpoint, or start "
                      "the node anew with an empty data directory"}});
  }
}

void DamageRepair::drop_hints(const std::vector<storage::DamagedRange>& damaged) {
  if (damaged.empty() || is_dropping_hints_) return;
  is_dropping_hints_ = true;
  host_.log.warn("hints_lost", {{"ranges", damaged.size()},
                                {"why",
                                 "they were in a damaged table; reads repair what they "
                                 "would have brought"}});
  const auto alive = [life = std::weak_ptr<bool>(life_)](auto next) {
    if (!life.expired()) next();
  };
  host_.engine.heal(ids_of(damaged), [this, alive](const Status&) {
    alive([this, alive] {
      // A count that fails is made again with the next damage or start.
      host_.hints.recount(
          [this, alive](const Status&) { alive([this] { is_dropping_hints_ = false; }); });
    });
  });
}

void DamageRepair::begin(const std::vector<storage::DamagedRange>& damaged) {
  std::vector<storage::Range> ranges;
  for (const storage::DamagedRange& one : damaged) ranges.push_back(one.range);
  auto round = std::make_shared<Round>();
  round->ids = ids_of(damaged);
  round->ranges = ranges;
  round->layout = host_.layouts.version();
  round->is_settled = host_.layouts.is_settled();
  round->retry = kDamageRetryMin;
  round->stretches =
      plan_repair(ranges, host_.layouts, host_.replicas.self(), options_.write_quorum);
  const bool is_repairable = std::all_of(round->stretches.begin(), round->stretches.end(),
                                         [](const auto& one) { return one.is_repairable(); });
  if (!is_repairable) {
    state_ = "no other replica holds what they lost";
    if (reported_.insert(round->ids.front()).second) {
      host_.log.error("damage_not_repairable",
                      {{"tables", round->ids.size()},
                       {"why", "this node is the only replica; restore a checkpoint"}});
    }
    return;
  }
  round_ = std::move(round);
  for (const storage::Range& range : round_->ranges) changed_(range);
  state_ = "being repaired from replicas";
  host_.log.info("damage_repair_started", {{"tables", round_->ids.size()},
                                           {"ranges", damaged.size()},
                                           {"stretches", round_->stretches.size()}});
  renew_actor();
}

void DamageRepair::renew_actor() {
  const bool is_renewed = std::all_of(round_->ids.begin(), round_->ids.end(),
                                      [this](uint64_t id) { return renewed_for_.contains(id); });
  if (is_renewed) return next_stretch();
  renew_actor_(guarded([this](const Status& status) {
    if (!status.is_ok()) return end_round();
    renewed_for_.insert(round_->ids.begin(), round_->ids.end());
    next_stretch();
  }));
}

void DamageRepair::next_stretch() {
  round_->after.clear();
  if (round_->stretch == round_->stretches.size()) return heal();
  pull_page();
}

void DamageRepair::pull_page() {
  // Other replicas may count by now: look at the whole again.
  if (round_->layout != host_.layouts.version() ||
      round_->is_settled != host_.layouts.is_settled()) {
    return end_round();
  }
  const DamagedStretch& stretch = round_->stretches[round_->stretch];
  std::set<NodeId> sources;
  for (const auto& row : stretch.rows) sources.insert(row.replicas.begin(), row.replicas.end());
  auto page = std::make_shared<Page>();
  page->waiting = sources.size() + 1;
  const auto finish_one = guarded([this, page] {
    if (--page->waiting == 0) on_page_pulled(page);
  });
  for (const NodeId& source : sources) {
    host_.replicas.pull(source, {stretch.first, stretch.last, round_->after}, round_->layout,
                        options_.replica_timeout,
                        [page, source, finish_one](Result<replica::PulledPage> pulled) {
                          if (pulled.is_ok()) page->answers[source] = std::move(*pulled);
                          finish_one();
                        });
  }
  finish_one();
}

bool DamageRepair::is_enough(const Page& page, std::string& missing) const {
  bool is_enough = true;
  std::set<std::string> silent;
  for (const auto& row : round_->stretches[round_->stretch].rows) {
    size_t answered = 0;
    for (const NodeId& replica : row.replicas) {
      if (page.answers.contains(replica)) ++answered;
      if (!page.answers.contains(replica)) silent.insert(replica.value());
    }
    is_enough = is_enough && answered >= row.needed;
  }
  for (const std::string& node : silent) missing += (missing.empty() ? "" : ", ") + node;
  return is_enough;
}

void DamageRepair::on_page_pulled(const std::shared_ptr<Page>& page) {
  std::string missing;
  if (!is_enough(*page, missing)) return retry_later("waiting for " + missing);
  auto merged = merge_pages(std::move(page->answers));
  if (!merged.is_ok()) return retry_later("waiting for sound records");
  page->merged = std::move(*merged);
  restore(page);
}

void DamageRepair::restore(const std::shared_ptr<Page>& page) {
  page->waiting = page->merged.records.size() + 1;
  const auto finish_one = guarded([this, page](const Status& status) {
    if (!status.is_ok()) page->has_failed = true;
    if (--page->waiting == 0) on_page_restored(*page);
  });
  for (const auto& [place, record] : page->merged.records) {
    host_.local.restore({place.second, place.first}, record.view(), round_->ids, finish_one);
  }
  finish_one(Status::ok());
}

void DamageRepair::on_page_restored(const Page& page) {
  if (page.has_failed) return retry_later("waiting for the store to take records");
  round_->records += page.merged.records.size();
  round_->retry = kDamageRetryMin;
  state_ = "being repaired from replicas";
  const bool is_busy = host_.engine.pressure() > kDamagePressureMax;
  const base::Duration delay = is_busy ? kDamageYield : base::Duration::zero();
  if (page.merged.end) {
    round_->after = page.merged.end->second;
    return go_on(delay, &DamageRepair::pull_page);
  }
  ++round_->stretch;
  go_on(delay, &DamageRepair::next_stretch);
}

void DamageRepair::retry_later(const std::string& why) {
  state_ = why + " to repair them from";
  if (round_->waiting != why) host_.log.warn("damage_repair_waiting", {{"why", why}});
  round_->waiting = why;
  const base::Duration delay = round_->retry;
  round_->retry = std::min(2 * delay, kDamageRetryMax);
  go_on(delay, &DamageRepair::pull_page);
}

void DamageRepair::heal() {
  host_.engine.heal(round_->ids, guarded([this](const Status& status) {
                      for (const storage::Range& range : round_->ranges) changed_(range);
                      if (status.is_ok()) {
                        host_.log.info("damage_repair_finished", {{"tables", round_->ids.size()},
                                                                  {"records", round_->records}});
                      } else {
                        host_.log.warn("damage_repair_unfinished", {{"why", status.to_string()}});
                      }
                      end_round();
                    }));
}

// The next poll sees what is left.
void DamageRepair::end_round() {
  host_.timers.stop(step_timer_);
  round_.reset();
}

}  // namespace distkv::repair
