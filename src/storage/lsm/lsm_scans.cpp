// The engine's walks over ranges: snapshots, pages, and dropping a range page by page.
#include "storage/lsm/lsm_engine.h"

#include <utility>

namespace distkv::storage::lsm {

using base::Result;
using base::Status;

namespace {

// Scans under way; each reads up to a page of every run.
constexpr size_t kScansMax = 64;
constexpr size_t kDropPageItems = 1024;

class LsmSnapshot : public Snapshot {
 public:
  LsmSnapshot(View view, Sequence wait) : view_(std::move(view)), wait_(wait) {}
  const View& view() const { return view_; }
  Sequence wait() const { return wait_; }

 private:
  View view_;
  Sequence wait_;
};

}  // namespace

std::unique_ptr<Snapshot> LsmEngine::take_snapshot(const Range&) {
  freeze();
  return std::make_unique<LsmSnapshot>(View{maintenance_->frozen(), maintenance_->version()},
                                       last_group_);
}

void LsmEngine::scan(const Scan& scan, ScanDone done) {
  if (!gate_.failure().is_ok()) return done(gate_.failure());
  if (scans_ >= kScansMax) return done(overloaded("too many scans are under way"));
  struct Walk {
    Scan scan;
    Overlay overlay;
    View view;
    Sequence wait;
    Damage damage;
    Result<Page> page = Page{};
  };
  const auto walk = std::make_shared<Walk>();
  walk->scan = scan;
  if (const auto* snapshot = static_cast<const LsmSnapshot*>(scan.snapshot)) {
    walk->view = snapshot->view();
    walk->wait = snapshot->wait();
  } else {
    walk->overlay = take_overlay(active_, scan);
    walk->view = {maintenance_->frozen(), maintenance_->version()};
    walk->wait = last_group_;
  }
  ++scans_;
  host_.readers.run(
      [walk] { walk->page = read_page(walk->overlay, walk->view, walk->scan, walk->damage); },
      [this, walk, done = std::move(done)] {
        --scans_;
        if (!walk->page.is_ok()) maintenance_->quarantine(walk->damage, walk->page.status());
        gate_.wait(walk->wait, [walk, done](const Status& status) {
          if (!status.is_ok()) return done(status);
          done(std::move(walk->page));
        });
      });
}

void LsmEngine::drop_range(const Range& range, Done done) {
  Status refused = refusal();
  if (refused.is_ok()) refused = load_refusal(range.space, true);
  if (!refused.is_ok()) return done(refused);
  hold([this, range, done = std::move(done)] {
    if (!line_.is_empty()) return false;
    dropping_ = Dropping{range, std::nullopt, done};
    drop_page();
    return true;
  });
}

void LsmEngine::drop_page() {
  Scan page;
  page.range = dropping_->range;
  page.after = dropping_->after;
  page.items_max = kDropPageItems;
  page.part = Part::kMeta;
  scan(page, [this](Result<Page> found) {
    if (!found.is_ok()) return finish_drop(found.status());
    std::vector<Write> erasures;
    for (Item& item : found->items) {
      erasures.push_back({dropping_->range.space, item.token, std::move(item.key), std::nullopt});
    }
    dropping_->after = std::move(found->last);
    const bool is_last = found->is_last;
    if (erasures.empty()) return is_last ? finish_drop(Status::ok()) : drop_page();
    write_now(erasures, Durability::kGroup, [this, is_last](const Status& status) {
      if (is_last || !status.is_ok()) return finish_drop(status);
      drop_page();
    });
  });
}

void LsmEngine::finish_drop(const Status& status) {
  const Done done = std::move(dropping_->done);
  dropping_.reset();
  done(status);
  advance_held();
}

}  // namespace distkv::storage::lsm
