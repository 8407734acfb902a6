#include "repair/leaf_walk.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "repair/repeat.h"
#include "ring/token.h"

namespace distkv::repair {

using base::Result;
using base::Token;
using replica::Leaf;

namespace {

constexpr size_t kPageBytes = 256 << 10;

struct Stretch {
  Token first;
  Token last;
};

// Neighbouring leaves are read as one.
std::vector<Stretch> stretches_of(const std::vector<Leaf>& leaves) {
  std::vector<Stretch> stretches;
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (i > 0 && leaves[i] == leaves[i - 1] + 1) {
      stretches.back().last = replica::last_token(leaves[i]);
    } else {
      stretches.push_back({replica::first_token(leaves[i]), replica::last_token(leaves[i])});
    }
  }
  return stretches;
}

struct Walking {
  std::vector<Stretch> stretches;
  size_t stretch = 0;
  std::optional<storage::Cursor> after;
  std::optional<storage::Cursor> through;
  size_t items_max = 0;
  size_t bytes = 0;
  WalkedPage page;
  std::function<void(Result<WalkedPage>)> done;

  bool is_over() const { return stretch == stretches.size(); }
  bool is_full() const { return page.items.size() >= items_max || bytes >= kWalkBytesMax; }

  void skip_to(const storage::Cursor& place) {
    while (!is_over() && stretches[stretch].last < place.token) ++stretch;
    if (!is_over() && stretches[stretch].first <= place.token) after = place;
  }

  storage::Scan next() const {
    storage::Scan scan;
    scan.range = {storage::Space::kData, stretches[stretch].first, stretches[stretch].last};
    scan.after = after;
    scan.items_max = items_max - page.items.size();
    scan.bytes_max = kPageBytes;
    scan.part = storage::Part::kMeta;
    return scan;
  }

  void take(storage::Page found) {
    for (storage::Item& item : found.items) {
      if (through && std::tie(item.token, item.key) > std::tie(through->token, through->key)) {
        stretch = stretches.size();
        return;
      }
      bytes += item.key.size() + item.entry.meta.size();
      page.items.push_back(std::move(item));
    }
    after = std::move(found.last);
    if (!found.is_last) return;
    after.reset();
    ++stretch;
    if (!is_over() && through && stretches[stretch].first > through->token) {
      stretch = stretches.size();
    }
  }
};

}  // namespace

std::vector<Leaf> leaves_of(const ring::Layout& layout, base::PartitionId partition) {
  std::vector<Leaf> leaves;
  const Leaf last = replica::leaf_of(layout.last_token(partition));
  for (uint32_t leaf = replica::leaf_of(layout.first_token(partition)); leaf <= last; ++leaf) {
    leaves.push_back(static_cast<Leaf>(leaf));
  }
  return leaves;
}

void walk_leaves(storage::Engine& engine, LeafWalk walk, size_t items_max,
                 std::function<void(Result<WalkedPage>)> done) {
  const auto walking = std::make_shared<Walking>();
  walking->stretches = stretches_of(walk.leaves);
  walking->items_max = items_max;
  walking->done = std::move(done);
  if (!walk.after.empty()) walking->skip_to({ring::token_of(walk.after), walk.after});
  if (!walk.through.empty()) walking->through = {ring::token_of(walk.through), walk.through};
  repeat([&engine, walking](const std::function<void()>& next) {
    if (walking->is_over()) return walking->done(std::move(walking->page));
    if (walking->is_full()) {
      walking->page.last = walking->page.items.back().key;
      return walking->done(std::move(walking->page));
    }
    engine.scan(walking->next(), [walking, next](Result<storage::Page> found) {
      if (!found.is_ok()) return walking->done(found.status());
      walking->take(std::move(*found));
      next();
    });
  });
}

}  // namespace distkv::repair
