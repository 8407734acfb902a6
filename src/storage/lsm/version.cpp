#include "storage/lsm/version.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::storage::lsm {

using base::Result;
using base::Status;
using base::Token;

namespace {

// The tables of one run, one after another, up to a token. A table is looked at when the walk
// reaches it.
class RunRows : public Rows {
 public:
  RunRows(std::vector<std::shared_ptr<const TableSlot>> slots, const PlaceView& from, bool is_after,
          Token last, Part part, Damage& damage)
      : slots_(std::move(slots)), last_(last), part_(part), damage_(damage) {
    open(from, is_after);
    settle();
  }

  bool is_at_end() const override { return is_at_end_; }
  const Row& row() const override { return rows_->row(); }
  void next() override {
    rows_->next();
    settle();
  }
  const Status& status() const override { return status_; }

 private:
  void open(const PlaceView& from, bool is_after) {
    const TableSlot& slot = *slots_[index_];
    if (slot.table == nullptr) {
      fail(slot.why);
      return;
    }
    rows_ = slot.table->rows(from, is_after, part_);
  }

  void fail(const Status& why) {
    status_ = why;
    damage_.file = slots_[index_]->summary.file;
  }

  // Moves on to the next table with a row, or to the end.
  void settle() {
    while (status_.is_ok() && rows_->is_at_end()) {
      if (!rows_->status().is_ok()) fail(rows_->status());
      if (!status_.is_ok() || ++index_ == slots_.size()) break;
      open({slots_[index_]->summary.first, {}}, false);
    }
    is_at_end_ = !status_.is_ok() || index_ == slots_.size() || rows_->row().place.token > last_;
  }

  std::vector<std::shared_ptr<const TableSlot>> slots_;
  Token last_;
  Part part_;
  Damage& damage_;
  size_t index_ = 0;
  std::unique_ptr<Rows> rows_;
  Status status_;
  bool is_at_end_ = false;
};

}  // namespace

Version::Version(const StoreState& state, const TableSlots& slots) {
  for (size_t i = 0; i < kSpaces; ++i) {
    for (const RunState& run : state.spaces[i]) {
      Run& made = spaces_[i].emplace_back(Run{run.id, run.is_base, run.live_from, {}});
      for (const TableSummary& table : run.tables) {
        const auto slot = slots.find(table.file);
        DISTKV_CHECK(slot != slots.end());
        made.slots.push_back(slot->second);
      }
    }
  }
}

const TableSlot* Version::Run::slot_at(Token token) const {
  if (token < live_from) return nullptr;
  const auto slot =
      std::lower_bound(slots.begin(), slots.end(), token,
                       [](const auto& one, Token wanted) { return one->summary.last < wanted; });
  if (slot == slots.end() || token < (*slot)->summary.first) return nullptr;
  return slot->get();
}

std::unique_ptr<Rows> Version::Run::rows(const PlaceView& from, bool is_after, Token last,
                                         Part part, Damage& damage) const {
  const bool is_before = from.token < live_from;
  const PlaceView start = is_before ? PlaceView{live_from, {}} : from;
  std::vector<std::shared_ptr<const TableSlot>> wanted;
  for (const auto& slot : slots) {
    if (slot->summary.last >= start.token && slot->summary.first <= last) wanted.push_back(slot);
  }
  if (wanted.empty()) return nullptr;
  return std::make_unique<RunRows>(std::move(wanted), start, is_after && !is_before, last, part,
                                   damage);
}

Result<Lookup> Version::find(const KeyRef& key, uint64_t hash, Part part, Wait wait,
                             Probe& probe) const {
  // All filters are fetched before the first is asked: their cache misses then overlap.
  constexpr size_t kAhead = 16;
  const std::vector<Run>& runs = spaces_[index_of(key.space)];
  std::array<const TableSlot*, kAhead> slots;
  for (size_t next = 0; next < runs.size();) {
    size_t count = 0;
    for (; next < runs.size() && count < kAhead; ++next) {
      const TableSlot* slot = runs[next].slot_at(key.token);
      if (slot == nullptr) continue;
      if (slot->table != nullptr) slot->table->prefetch(hash);
      slots[count++] = slot;
    }
    for (size_t i = 0; i < count; ++i) {
      const TableSlot& slot = *slots[i];
      if (slot.table != nullptr && !slot.table->may_contain(hash)) continue;
      auto found = slot.table == nullptr ? Result<Lookup>(slot.why)
                                         : slot.table->find({key.token, key.key}, part, wait,
                                                            probe.scratch, probe.row);
      if (!found.is_ok()) probe.damage.file = slot.summary.file;
      if (!found.is_ok() || *found != Lookup::kAbsent) return found;
    }
  }
  return Lookup::kAbsent;
}

void Version::add_rows(Space space, const PlaceView& from, bool is_after, Token last, Part part,
                       Damage& damage, std::vector<std::unique_ptr<Rows>>& sources) const {
  for (const Run& run : spaces_[index_of(space)]) {
    if (auto rows = run.rows(from, is_after, last, part, damage))
      sources.push_back(std::move(rows));
  }
}

void Version::add_rows_of(Space space, const std::vector<RunId>& runs, Token first, Token last,
                          Damage& damage, std::vector<std::unique_ptr<Rows>>& sources) const {
  for (const Run& run : spaces_[index_of(space)]) {
    if (std::find(runs.begin(), runs.end(), run.id) == runs.end()) continue;
    if (auto rows = run.rows({first, {}}, false, last, Part::kAll, damage)) {
      sources.push_back(std::move(rows));
    }
  }
}

uint64_t Version::bytes_resident() const {
  uint64_t bytes = 0;
  for (const auto& runs : spaces_) {
    for (const Run& run : runs) {
      for (const auto& slot : run.slots) {
        if (slot->table != nullptr) bytes += slot->table->bytes_resident();
      }
    }
  }
  return bytes;
}

}  // namespace distkv::storage::lsm
