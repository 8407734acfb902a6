#include "repair/spent.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "causality/horizon.h"

namespace distkv::repair {

namespace {

// What cannot be read is for others to complain of.
bool is_spent(const storage::Item& item, base::Counter horizon) {
  const auto state = causality::decode_causal_state(item.entry.meta);
  return state.is_ok() && causality::is_spent(*state, horizon);
}

}  // namespace

bool has_spent(const WalkedPage& page, base::Counter horizon) {
  return std::any_of(page.items.begin(), page.items.end(),
                     [horizon](const auto& item) { return is_spent(item, horizon); });
}

base::Counter newest_tombstone(const WalkedPage& page) {
  base::Counter newest;
  for (const storage::Item& item : page.items) {
    const auto state = causality::decode_causal_state(item.entry.meta);
    if (!state.is_ok()) continue;
    const auto& versions = state->versions;
    const bool is_deleted = std::all_of(versions.begin(), versions.end(),
                                        [](const auto& version) { return version.is_tombstone; });
    if (!is_deleted) continue;
    for (const auto& version : versions) newest = std::max(newest, version.dot.counter);
  }
  return newest;
}

void collect_spent(replica::LocalReplica& local, base::Counter horizon, WalkedPage page,
                   std::function<void(WalkedPage page, size_t collected)> done) {
  struct Collecting {
    WalkedPage page;
    std::vector<storage::Item> spent;
    size_t waiting = 1;
    size_t collected = 0;
    std::function<void(WalkedPage, size_t)> done;

    void finish_one() {
      if (--waiting == 0) done(std::move(page), collected);
    }
  };
  const auto collecting = std::make_shared<Collecting>();
  collecting->page = std::move(page);
  collecting->done = std::move(done);
  auto& items = collecting->page.items;
  const auto first_spent = std::stable_partition(
      items.begin(), items.end(), [horizon](const auto& item) { return !is_spent(item, horizon); });
  std::move(first_spent, items.end(), std::back_inserter(collecting->spent));
  items.erase(first_spent, items.end());
  collecting->waiting += collecting->spent.size();
  for (const storage::Item& item : collecting->spent) {
    local.collect({item.key, item.token}, [collecting](const base::Result<bool>& collected) {
      if (collected.is_ok() && *collected) ++collecting->collected;
      collecting->finish_one();
    });
  }
  collecting->finish_one();
}

}  // namespace distkv::repair
