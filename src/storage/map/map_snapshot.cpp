#include "storage/map/map_snapshot.h"

#include <string>
#include <utility>

#include "base/check.h"

namespace distkv::storage::map {
namespace {

// One entry of the merged view; null: the key is absent there.
struct Step {
  PlaceView place;
  const Entry* entry;
};

// The next place at or after `from` in the table or in what was frozen; the frozen one wins.
std::optional<Step> next_step(const TokenTable& table, const Frozen* frozen, const PlaceView& from,
                              bool is_after) {
  std::optional<Step> step;
  if (const auto* live = table.seek(from, is_after)) {
    step = Step{live->first, live->second.is_erased ? nullptr : &live->second.entry};
  }
  if (frozen == nullptr) return step;
  const auto& before = frozen->before;
  const auto old = is_after ? before.upper_bound(from) : before.lower_bound(from);
  if (old != before.end() && (!step || !PlaceLess()(step->place, old->first))) {
    step = Step{old->first, old->second ? &*old->second : nullptr};
  }
  return step;
}

Item item_of(const Step& step, Part part) {
  Item item{step.place.token, std::string(step.place.key), {step.entry->meta, {}}};
  if (part == Part::kAll) item.entry.value = step.entry->value;
  return item;
}

size_t bytes_of(const Item& item) {
  return item.key.size() + item.entry.meta.size() + item.entry.value.size();
}

}  // namespace

bool Frozen::covers(const Range& wanted) const {
  return wanted.space == range.space && range.first <= wanted.first && wanted.last <= range.last;
}

void Frozen::keep(const PlaceView& place, const Slot* current) {
  if (place.token < range.first || range.last < place.token) return;
  const auto at = before.lower_bound(place);
  if (at != before.end() && PlaceView(at->first) == place) return;
  std::optional<Entry> entry;
  if (current != nullptr && !current->is_erased) entry = current->entry;
  before.emplace_hint(at, Place{place.token, std::string(place.key)}, std::move(entry));
}

Page read_page(const TokenTable& table, const Scan& scan, const Frozen* frozen) {
  DISTKV_CHECK(scan.items_max > 0);
  Page page;
  size_t bytes = 0;
  PlaceView from(scan.range.first, "");
  bool is_after = false;
  if (scan.after && PlaceLess()(from, PlaceView(scan.after->token, scan.after->key))) {
    from = PlaceView(scan.after->token, scan.after->key);
    is_after = true;
  }
  while (auto step = next_step(table, frozen, from, is_after)) {
    if (scan.range.last < step->place.token) break;
    if (step->entry != nullptr) {
      if (page.items.size() >= scan.items_max || (bytes >= scan.bytes_max && bytes > 0)) {
        page.is_last = false;
        page.last = Cursor{page.items.back().token, page.items.back().key};
        break;
      }
      page.items.push_back(item_of(*step, scan.part));
      bytes += bytes_of(page.items.back());
    }
    from = step->place;
    is_after = true;
  }
  return page;
}

}  // namespace distkv::storage::map
