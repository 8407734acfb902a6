#include "repair/tree_survey.h"

#include <algorithm>
#include <string>

namespace distkv::repair {

using base::Result;
using replica::kSectionLeaves;
using replica::kSections;

TreeSurvey::TreeSurvey(storage::Engine& engine, replica::HashTree& tree, base::Timers& timers,
                       base::Log& log)
    : engine_(engine), tree_(tree), timers_(timers), log_(log) {}

void TreeSurvey::start() { go_on(base::Duration::zero(), &TreeSurvey::next_section); }

void TreeSurvey::stop() {
  timers_.stop(timer_);
  section_.reset();
}

// Steps run from a timer: a snapshot must not be taken from within an engine's own answers, where a
// write may be half told.
void TreeSurvey::go_on(base::Duration delay, void (TreeSurvey::*step)()) {
  timers_.stop(timer_);
  timer_ = timers_.start(delay, [this, step] { (this->*step)(); });
}

void TreeSurvey::doubt(const storage::Range& range) {
  const uint32_t last = replica::HashTree::section_of(replica::leaf_of(range.last));
  for (uint32_t i = replica::HashTree::section_of(replica::leaf_of(range.first)); i <= last; ++i) {
    tree_.doubt(i);
    if (section_ && section_->number == i) section_->is_doubted = true;
  }
  if (!section_) go_on(base::Duration::zero(), &TreeSurvey::next_section);
}

namespace {

storage::Range range_of(uint32_t section) {
  const uint32_t first = section * kSectionLeaves;
  return {storage::Space::kData, replica::first_token(static_cast<replica::Leaf>(first)),
          replica::last_token(static_cast<replica::Leaf>(first + (kSectionLeaves - 1)))};
}

}  // namespace

bool TreeSurvey::is_damaged(uint32_t section) const {
  const storage::Range range = range_of(section);
  const auto damaged = engine_.damaged();
  return std::any_of(damaged.begin(), damaged.end(), [&range](const storage::DamagedRange& one) {
    return one.range.space == range.space && one.range.first <= range.last &&
           range.first <= one.range.last;
  });
}

// What is not ready comes first; else one section is verified after each interval. Damaged ones
// wait for their repair.
void TreeSurvey::next_section() {
  section_.reset();
  bool is_waiting = false;
  for (uint32_t i = 0; i < kSections; ++i) {
    if (tree_.is_section_ready(i)) continue;
    if (!is_damaged(i)) return begin(i);
    is_waiting = true;
  }
  if (is_waiting) return go_on(kSurveyRetry, &TreeSurvey::next_section);
  timer_ = timers_.start(kVerifyInterval, [this] {
    begin(next_verified_);
    next_verified_ = (next_verified_ + 1) % kSections;
  });
}

void TreeSurvey::begin(uint32_t number) {
  section_ = std::make_shared<Section>();
  section_->number = number;
  section_->is_verified = tree_.is_section_ready(number);
  section_->error = tree_.section(number);
  section_->snapshot = engine_.take_snapshot(range_of(number));
  scan_page();
}

void TreeSurvey::scan_page() {
  if (engine_.pressure() > kSurveyPressureMax) {
    if (++section_->yields > kSurveyYieldsMax) return give_up("the store is busy");
    return go_on(kSurveyYield, &TreeSurvey::scan_page);
  }
  storage::Scan scan;
  scan.range = range_of(section_->number);
  scan.snapshot = section_->snapshot.get();
  scan.after = section_->after;
  scan.items_max = kSurveyItems;
  scan.part = storage::Part::kMeta;
  engine_.scan(scan,
               [this, alive = std::weak_ptr<Section>(section_)](const Result<storage::Page>& page) {
                 if (!alive.expired()) take(page);
               });
}

void TreeSurvey::take(const Result<storage::Page>& page) {
  if (!page.is_ok()) return give_up(page.status().to_string());
  for (const storage::Item& item : page->items) {
    section_->error[replica::leaf_of(item.token) % kSectionLeaves] ^=
        replica::record_hash(item.key, item.entry.meta);
  }
  section_->after = page->last;
  go_on(kSurveyPause, page->is_last ? &TreeSurvey::finish : &TreeSurvey::scan_page);
}

void TreeSurvey::finish() {
  if (section_->is_doubted) return next_section();
  const size_t wrong = tree_.settle(section_->number, section_->error);
  if (!section_->is_verified) log_.debug("hash_tree_built", {{"section", section_->number}});
  if (section_->is_verified && wrong > 0) {
    mismatches_ += wrong;
    log_.warn("hash_tree_wrong", {{"section", section_->number}, {"leaves", wrong}});
  }
  next_section();
}

// Of a damaged store, until it is repaired.
void TreeSurvey::give_up(const std::string& why) {
  log_.warn("hash_tree_unfinished", {{"section", section_->number}, {"why", why}});
  section_.reset();
  go_on(kSurveyRetry, &TreeSurvey::next_section);
}

}  // namespace distkv::repair
