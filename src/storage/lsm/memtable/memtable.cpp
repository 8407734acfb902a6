#include "storage/lsm/memtable/memtable.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace distkv::storage::lsm {
namespace {

PlaceView place_of(const KeyRef& key) { return {key.token, key.key}; }

class TableRows final : public Rows {
 public:
  TableRows(const OrderedTable& table, const PlaceView& from, bool is_after)
      : table_(table), cursor_(table.seek(from)) {
    if (is_after && cursor_.node != nullptr && cursor_.node->is_at(from)) table_.advance(cursor_);
    load();
  }

  bool is_at_end() const override { return cursor_.node == nullptr; }
  const Row& row() const override {
    DISTKV_DCHECK(!is_at_end());
    return row_;
  }
  void next() override {
    DISTKV_CHECK(!is_at_end());
    table_.advance(cursor_);
    load();
  }
  const base::Status& status() const override { return status_; }

 private:
  void load() {
    if (cursor_.node == nullptr) return;
    const EntryNode& node = *cursor_.node;
    row_ = {{node.token, node.key()}, node.meta(), node.value(), node.is_erased};
  }

  const OrderedTable& table_;
  OrderedTable::Cursor cursor_;
  Row row_;
  base::Status status_;
};

}  // namespace

Memtable::Memtable(std::shared_ptr<ArenaPool> pool)
    : arena_(std::move(pool)),
      tables_{OrderedTable(arena_), OrderedTable(arena_), OrderedTable(arena_)} {}

void Memtable::prefetch(const KeyRef& key) const { table(key.space).prefetch(key.token); }

std::optional<Memtable::Version> Memtable::find(const KeyRef& key) const {
  const EntryNode* node = table(key.space).find(place_of(key));
  if (node == nullptr) return std::nullopt;
  return Version{
      {node->meta(), node->value()}, node->is_erased, node->written, node->written_group};
}

bool Memtable::put(const KeyRef& key, const EntryView* entry, Sequence sequence,
                   Durability durability) {
  DISTKV_CHECK(!is_frozen_);
  DISTKV_CHECK(sequence >= last_);
  const EntryView content = entry == nullptr ? EntryView{} : *entry;
  bool is_new = false;
  EntryNode* node = tables_[position(key.space)].find_or_insert(
      place_of(key), content.meta.size() + content.value.size(), is_new);
  set_content(*node, is_new, content);
  node->is_erased = entry == nullptr;
  node->written = sequence;
  if (durability == Durability::kGroup) node->written_group = sequence;
  if (first_ == Sequence{}) first_ = sequence;
  last_ = sequence;
  return !is_new;
}

void Memtable::set_content(EntryNode& node, bool is_new, const EntryView& entry) {
  DISTKV_CHECK(entry.meta.size() <= std::numeric_limits<uint32_t>::max());
  DISTKV_CHECK(entry.value.size() <= std::numeric_limits<uint32_t>::max());
  const size_t bytes = entry.meta.size() + entry.value.size();
  char* content = is_new || bytes == 0 ? node.content_begin() : arena_.allocate(bytes);
  std::copy(entry.meta.begin(), entry.meta.end(), content);
  std::copy(entry.value.begin(), entry.value.end(), content + entry.meta.size());
  node.content = content;
  node.meta_bytes = static_cast<uint32_t>(entry.meta.size());
  node.value_bytes = static_cast<uint32_t>(entry.value.size());
}

std::unique_ptr<Rows> Memtable::rows(Space space, const PlaceView& from, bool is_after) const {
  return std::make_unique<TableRows>(table(space), from, is_after);
}

size_t Memtable::keys() const {
  size_t keys = 0;
  for (const OrderedTable& table : tables_) keys += table.keys();
  return keys;
}

}  // namespace distkv::storage::lsm
