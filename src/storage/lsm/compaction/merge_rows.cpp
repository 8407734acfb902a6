#include "storage/lsm/compaction/merge_rows.h"

#include <utility>

namespace distkv::storage::lsm {
namespace {

using base::Status;

// A binary heap of the sources that still have rows, least place on top, the newest first among
// equals. Tokens are kept beside the index: nearly every comparison ends there, in one cache line.
class MergedRows : public Rows {
 public:
  MergedRows(std::vector<std::unique_ptr<Rows>> sources, bool drops_tombstones)
      : sources_(std::move(sources)), drops_tombstones_(drops_tombstones) {
    heap_.reserve(sources_.size());
    for (size_t i = 0; i < sources_.size(); ++i) {
      if (!sources_[i]->is_at_end()) {
        heap_.push_back({sources_[i]->row().place.token, i});
      } else if (status_.is_ok()) {
        status_ = sources_[i]->status();
      }
    }
    for (size_t i = heap_.size() / 2; i > 0; --i) sink(i - 1);
    skip_tombstones();
  }

  bool is_at_end() const override { return !status_.is_ok() || heap_.empty(); }
  const Row& row() const override { return sources_[heap_.front().source]->row(); }
  const Status& status() const override { return status_; }

  void next() override {
    next_place();
    skip_tombstones();
  }

 private:
  struct Head {
    base::Token token;
    size_t source;
  };

  const PlaceView& place_of(const Head& head) const { return sources_[head.source]->row().place; }

  bool is_before(const Head& a, const Head& b) const {
    if (a.token != b.token) return a.token < b.token;
    const int order = place_of(a).key.compare(place_of(b).key);
    return order != 0 ? order < 0 : a.source < b.source;
  }

  void sink(size_t at) {
    const Head moving = heap_[at];
    for (size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child])) ++child;
      if (!is_before(heap_[child], moving)) break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = moving;
  }

  // Moves the source at heap position `at` on, and its head to where it now belongs.
  void advance(size_t at) {
    Rows& source = *sources_[heap_[at].source];
    source.next();
    if (!source.is_at_end()) {
      heap_[at].token = source.row().place.token;
      sink(at);
      return;
    }
    if (!source.status().is_ok() && status_.is_ok()) status_ = source.status();
    heap_[at] = heap_.back();
    heap_.pop_back();
    if (at < heap_.size()) sink(at);
  }

  // Older versions of the top's place go first, while the top still shows it: they stand among its
  // two children. Then the top itself.
  void next_place() {
    for (size_t older = same_as_top(); older != 0; older = same_as_top()) advance(older);
    advance(0);
  }

  // A child of the top with the same place, or 0 if there is none.
  size_t same_as_top() const {
    for (size_t child = 1; child <= 2 && child < heap_.size(); ++child) {
      if (heap_[child].token == heap_[0].token && place_of(heap_[child]) == place_of(heap_[0])) {
        return child;
      }
    }
    return 0;
  }

  void skip_tombstones() {
    if (!drops_tombstones_) return;
    while (!is_at_end() && row().is_erased) next_place();
  }

  std::vector<std::unique_ptr<Rows>> sources_;
  bool drops_tombstones_;
  std::vector<Head> heap_;
  Status status_;
};

class RowsUntil : public Rows {
 public:
  RowsUntil(std::unique_ptr<Rows> source, base::Token last)
      : source_(std::move(source)), last_(last) {}

  bool is_at_end() const override {
    return source_->is_at_end() || source_->row().place.token > last_;
  }
  const Row& row() const override { return source_->row(); }
  void next() override { source_->next(); }
  const Status& status() const override { return source_->status(); }

 private:
  std::unique_ptr<Rows> source_;
  base::Token last_;
};

}  // namespace

std::unique_ptr<Rows> merge_rows(std::vector<std::unique_ptr<Rows>> sources,
                                 bool drops_tombstones) {
  return std::make_unique<MergedRows>(std::move(sources), drops_tombstones);
}

std::unique_ptr<Rows> rows_until(std::unique_ptr<Rows> source, base::Token last) {
  return std::make_unique<RowsUntil>(std::move(source), last);
}

}  // namespace distkv::storage::lsm
