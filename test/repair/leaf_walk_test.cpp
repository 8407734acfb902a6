#include "repair/leaf_walk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "ring/token.h"
#include "storage/map/map_engine.h"

namespace distkv::repair {
namespace {

using base::Result;
using replica::Leaf;

// Keys by (token, key).
struct Walked {
  Walked() {
    for (int i = 0; i < 3000; ++i) add("key-" + std::to_string(i));
    for (int i = 0; i < 50; ++i) add("{tag}" + std::to_string(100 + i));
  }
  void add(const std::string& key) {
    const base::Token token = ring::token_of(key);
    places[{token, key}] = true;
    engine.write({{storage::Space::kData, token, key, storage::Entry{"meta", "value"}}},
                 storage::Durability::kGroup, [](const base::Status&) {});
  }
  WalkedPage page(const LeafWalk& walk, size_t items_max) {
    WalkedPage found;
    bool is_answered = false;
    walk_leaves(engine, walk, items_max, [&](Result<WalkedPage> result) {
      is_answered = true;
      REQUIRE(result.is_ok());
      found = std::move(*result);
    });
    REQUIRE(is_answered);
    return found;
  }
  // All pages of a walk.
  std::vector<std::string> keys(LeafWalk walk, size_t items_max) {
    std::vector<std::string> keys;
    do {
      const WalkedPage found = page(walk, items_max);
      CHECK(found.items.size() <= items_max);
      for (const auto& item : found.items) keys.push_back(item.key);
      walk.after = found.last;
    } while (!walk.after.empty());
    return keys;
  }
  std::vector<std::string> expected(const LeafWalk& walk) const {
    std::vector<std::string> keys;
    for (const auto& [place, is_there] : places) {
      const bool is_in =
          std::binary_search(walk.leaves.begin(), walk.leaves.end(), replica::leaf_of(place.first));
      const auto at = [](const std::string& key) { return std::pair(ring::token_of(key), key); };
      if (!is_in || (!walk.after.empty() && place <= at(walk.after))) continue;
      if (!walk.through.empty() && place > at(walk.through)) continue;
      keys.push_back(place.second);
    }
    return keys;
  }

  storage::map::MapEngine engine;
  std::map<std::pair<base::Token, std::string>, bool> places;
};

std::vector<Leaf> every(uint32_t step, uint32_t run) {
  std::vector<Leaf> leaves;
  for (uint32_t i = 0; i < replica::kLeaves; ++i) {
    if (i % step < run) leaves.push_back(static_cast<Leaf>(i));
  }
  return leaves;
}

TEST_SUITE_BEGIN("leaf walk");

TEST_CASE("a walk shows each key of its leaves once, in order, whatever the size of its pages") {
  Walked here;
  for (const auto& leaves : {every(1, 1), every(2, 1), every(7, 3), every(5000, 1)}) {
    for (const size_t items_max : {1, 7, 100, 100'000}) {
      CHECK(here.keys({leaves, "", ""}, items_max) == here.expected({leaves, "", ""}));
    }
  }
}

TEST_CASE("a walk begins behind one key and ends with another, of its leaves or not") {
  Walked here;
  const auto leaves = every(7, 3);
  for (const std::string from : {"", "key-1", "key-17", "{tag}120", "nowhere"}) {
    for (const std::string to : {"", "key-2", "key-18", "{tag}140", "nobody"}) {
      const LeafWalk walk{leaves, from, to};
      CHECK(here.keys(walk, 10) == here.expected(walk));
    }
  }
}

TEST_CASE("a page that is full says where it ended, the last one that it is the last") {
  Walked here;
  const Leaf leaf = replica::leaf_of(ring::token_of("{tag}"));

  const WalkedPage first = here.page({{leaf}, "", ""}, 20);
  CHECK(first.items.size() == 20);
  CHECK(first.last == first.items.back().key);
  const WalkedPage all = here.page({{leaf}, "", ""}, 1000);
  CHECK(all.items.size() >= 50);
  CHECK(all.last.empty());
}

TEST_CASE("walks over nothing end") {
  Walked here;
  CHECK(here.page({{}, "", ""}, 10).items.empty());
  storage::map::MapEngine empty;
  walk_leaves(empty, {every(2, 1), "", ""}, 10, [](const Result<WalkedPage>& page) {
    REQUIRE(page.is_ok());
    CHECK(page->items.empty());
    CHECK(page->last.empty());
  });
}

TEST_SUITE_END();

}  // namespace
}  // namespace distkv::repair
