#include "storage/lsm/view.h"

#include <doctest/doctest.h>

#include "storage/rigs.h"

namespace distkv::storage::lsm {
namespace {

using base::Token;
using distkv::storage::test::key_at;
using distkv::storage::test::text_of;

// Memtables as the only sources: tables are walked in the same way (see version_test).
struct Sources {
  Sources() { view.version = std::make_shared<const Version>(StoreState{}, TableSlots{}); }

  void put(Memtable& memtable, uint64_t token, const std::string& key, const std::string& value) {
    const EntryView entry{"m", value};
    memtable.put(key_at(token, key), &entry, next(), Durability::kGroup);
  }
  void erase(Memtable& memtable, uint64_t token, const std::string& key) {
    memtable.put(key_at(token, key), nullptr, next(), Durability::kGroup);
  }
  Sequence next() { return Sequence{++sequence}; }
  void freeze() {
    active->freeze();
    view.frozen.insert(view.frozen.begin(), active);
    active = std::make_shared<Memtable>(nullptr);
  }

  Page page(const Scan& scan) {
    Damage damage;
    const auto read = read_page(take_overlay(active, scan), view, scan, damage);
    REQUIRE(read.is_ok());
    return *read;
  }
  std::string text(const Scan& scan) { return text_of(base::Result<Page>(page(scan))); }

  std::shared_ptr<Memtable> active = std::make_shared<Memtable>(nullptr);
  View view;
  uint64_t sequence = 0;
};

TEST_SUITE_BEGIN("lsm");

TEST_CASE("a page shows the newest version of each key, in order") {
  Sources sources;
  sources.put(*sources.active, 1, "a", "old");
  sources.put(*sources.active, 2, "b", "kept");
  sources.put(*sources.active, 3, "c", "erased");
  sources.freeze();
  sources.put(*sources.active, 1, "a", "new");
  sources.erase(*sources.active, 3, "c");

  CHECK(sources.text({}) == "1/a=new 2/b=kept end");
}

TEST_CASE("a page ends after its items, and the next one goes on behind them") {
  Sources sources;
  for (const char* key : {"a", "b", "c"}) sources.put(*sources.active, 7, key, key);
  sources.freeze();
  sources.put(*sources.active, 8, "d", "d");

  Scan scan;
  scan.items_max = 2;
  CHECK(sources.text(scan) == "7/a=a 7/b=b more");
  scan.after = sources.page(scan).last;
  CHECK(sources.text(scan) == "7/c=c 8/d=d end");
}

TEST_CASE("a page that is exactly full knows that it is the last") {
  Sources sources;
  sources.put(*sources.active, 1, "a", "a");
  sources.put(*sources.active, 2, "b", "b");

  Scan scan;
  scan.items_max = 2;
  CHECK(sources.text(scan) == "1/a=a 2/b=b end");
}

TEST_CASE("a page ends after the item that passes its bytes") {
  Sources sources;
  for (uint64_t token = 1; token <= 3; ++token) {
    sources.put(*sources.active, token, "k", std::string(10, 'x'));
  }

  Scan scan;
  scan.bytes_max = 11;
  CHECK(sources.page(scan).items.size() == 1);
  scan.bytes_max = 13;
  CHECK(sources.page(scan).items.size() == 2);
}

TEST_CASE("a scan of the meta part has no values") {
  Sources sources;
  sources.put(*sources.active, 1, "a", "value");

  Scan scan;
  scan.part = Part::kMeta;
  const Page page = sources.page(scan);
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].entry == Entry{"m", ""});
}

TEST_CASE("a scan stays in its range and its space, whatever its cursor says") {
  Sources sources;
  for (uint64_t token = 1; token <= 4; ++token) sources.put(*sources.active, token, "k", "v");
  const EntryView hint{"m", "hint"};
  sources.active->put(key_at(2, "k", Space::kHints), &hint, sources.next(), Durability::kGroup);

  Scan scan;
  scan.range = {Space::kData, Token{2}, Token{3}};
  CHECK(sources.text(scan) == "2/k=v 3/k=v end");
  scan.after = Cursor{Token{1}, "z"};
  CHECK(sources.text(scan) == "2/k=v 3/k=v end");
  scan.after = Cursor{Token{3}, "k"};
  CHECK(sources.text(scan) == "end");
}

TEST_CASE("a page walks over so many erased keys and no more, and tells where to go on") {
  Sources sources;
  constexpr uint64_t kErased = kTombstonesPerPageMax + 76;
  for (uint64_t token = 0; token < kErased; ++token) sources.erase(*sources.active, token, "k");
  sources.put(*sources.active, kErased, "k", "v");
  sources.freeze();

  Scan scan;
  const Page first = sources.page(scan);
  CHECK(first.items.empty());
  CHECK_FALSE(first.is_last);
  REQUIRE(first.last.has_value());
  CHECK(first.last->token == Token{kTombstonesPerPageMax - 1});

  scan.after = first.last;
  CHECK(sources.text(scan) == std::to_string(kErased) + "/k=v end");
}

TEST_CASE("where the newest rows are cut short, older ones they may hide are not shown") {
  Sources sources;
  constexpr uint64_t kErased = kTombstonesPerPageMax + 76;
  for (uint64_t token = 0; token <= kErased; ++token) {
    sources.put(*sources.active, token, "k", "old");
  }
  sources.freeze();
  for (uint64_t token = 0; token < kErased; ++token) sources.erase(*sources.active, token, "k");

  Scan scan;
  std::string shown;
  for (int pages = 1;; ++pages) {
    REQUIRE(pages < 10);
    const Page page = sources.page(scan);
    for (const Item& item : page.items) shown += std::to_string(item.token.value()) + " ";
    if (page.is_last) break;
    scan.after = page.last;
  }
  CHECK(shown == std::to_string(kErased) + " ");
}

TEST_CASE("an overlay cut by its items hides nothing and repeats nothing") {
  Sources sources;
  for (uint64_t token = 0; token < 20; token += 2) sources.put(*sources.active, token, "k", "old");
  sources.freeze();
  for (uint64_t token = 0; token < 20; ++token) sources.put(*sources.active, token, "k", "new");

  Scan scan;
  scan.items_max = 3;
  size_t items = 0;
  for (bool is_last = false; !is_last;) {
    const Page page = sources.page(scan);
    for (const Item& item : page.items) {
      CHECK(item.token == Token{items++});
      CHECK(item.entry.value == "new");
    }
    is_last = page.is_last;
    scan.after = page.last;
  }
  CHECK(items == 20);
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::storage::lsm
