#include "storage/lsm/view.h"

#include <utility>

#include "storage/lsm/compaction/merge_rows.h"

namespace distkv::storage::lsm {

using base::Result;

namespace {

class OverlayRows : public Rows {
 public:
  explicit OverlayRows(const std::vector<Row>& rows) : rows_(rows) {}
  bool is_at_end() const override { return index_ == rows_.size(); }
  const Row& row() const override { return rows_[index_]; }
  void next() override { ++index_; }
  const base::Status& status() const override { return status_; }

 private:
  const std::vector<Row>& rows_;
  size_t index_ = 0;
  base::Status status_;
};

struct Start {
  PlaceView from;
  bool is_after = false;
};

// Where a scan begins: its cursor, unless that lies before the range.
Start start_of(const Scan& scan) {
  if (!scan.after || scan.after->token < scan.range.first) return {{scan.range.first, {}}, false};
  return {{scan.after->token, scan.after->key}, true};
}

// Gathers rows into a page until it is full.
class PageBuilder {
 public:
  PageBuilder(const Scan& scan, Page& page) : scan_(scan), page_(page) {}

  // False when the row is not taken: the page is full, or this step has walked far enough.
  bool add(const Row& row) {
    if (!row.is_erased && is_full()) return false;
    if (row.is_erased && ++tombstones_ > kTombstonesPerPageMax) return false;
    page_.last = Cursor{row.place.token, std::string(row.place.key)};
    if (row.is_erased) return true;
    Item item{row.place.token, std::string(row.place.key), {std::string(row.meta), {}}};
    if (scan_.part == Part::kAll) item.entry.value.assign(row.value);
    bytes_ += item.key.size() + item.entry.meta.size() + item.entry.value.size();
    page_.items.push_back(std::move(item));
    return true;
  }

 private:
  bool is_full() const {
    if (page_.items.empty()) return false;
    return page_.items.size() >= scan_.items_max || bytes_ >= scan_.bytes_max;
  }

  const Scan& scan_;
  Page& page_;
  size_t tombstones_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

Overlay take_overlay(std::shared_ptr<const Memtable> active, const Scan& scan) {
  Overlay overlay;
  const Start start = start_of(scan);
  // One more than fits, so that a page that fills up knows whether it is the last.
  size_t live_left = scan.items_max + 1;
  size_t erased_left = kTombstonesPerPageMax;
  const auto rows = active->rows(scan.range.space, start.from, start.is_after);
  for (; !rows->is_at_end() && rows->row().place.token <= scan.range.last; rows->next()) {
    if (live_left == 0 || erased_left == 0) {
      overlay.is_cut = true;
      break;
    }
    --(rows->row().is_erased ? erased_left : live_left);
    overlay.rows.push_back(rows->row());
  }
  overlay.owner = std::move(active);
  return overlay;
}

Result<Page> read_page(const Overlay& overlay, const View& view, const Scan& scan, Damage& damage) {
  const Start start = start_of(scan);
  std::vector<std::unique_ptr<Rows>> sources;
  sources.push_back(std::make_unique<OverlayRows>(overlay.rows));
  for (const auto& memtable : view.frozen) {
    sources.push_back(memtable->rows(scan.range.space, start.from, start.is_after));
  }
  view.version->add_rows(scan.range.space, start.from, start.is_after, scan.range.last, scan.part,
                         damage, sources);
  const auto rows = merge_rows(std::move(sources), false);

  Page page;
  PageBuilder builder(scan, page);
  page.is_last = !overlay.is_cut;
  for (; !rows->is_at_end() && rows->row().place.token <= scan.range.last; rows->next()) {
    // Beyond a cut overlay the newest rows are not known.
    if (overlay.is_cut && rows->row().place > overlay.rows.back().place) break;
    if (builder.add(rows->row())) continue;
    page.is_last = false;
    break;
  }
  if (!rows->status().is_ok()) return rows->status();
  return page;
}

}  // namespace distkv::storage::lsm
