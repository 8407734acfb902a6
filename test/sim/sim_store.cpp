#include "sim/sim_store.h"

#include <utility>

#include "sim/lsm_store.h"
#include "sim/map_store.h"

namespace distkv::sim {

namespace {
// About as long as a usual sync.
constexpr Spread kAmbushDelay{base::Duration::zero(), std::chrono::microseconds(400)};
}  // namespace

base::Result<std::unique_ptr<storage::Engine>> SimStore::open(base::Timers& timers) {
  auto engine = open_engine(timers);
  if (!engine.is_ok()) return engine.status();
  // What a start shows to its program no later crash may take.
  account_.promise(account_.last());
  return std::unique_ptr<storage::Engine>(
      std::make_unique<ObservedEngine>(std::move(*engine), account_, [this] { note_commit(); }));
}

void SimStore::judge() {
  const auto found = read_all();
  if (!found.is_ok()) {
    return host_.on_wrong("it cannot be opened again: " + found.status().to_string());
  }
  if (const auto wrong = account_.lose(*found)) host_.on_wrong(*wrong);
}

void SimStore::wipe() {
  clear();
  account_.wipe();
}

base::Status SimStore::restore_copy() {
  lay_in_copy();
  account_.wipe();
  auto found = read_all();
  if (!found.is_ok()) return found.status();
  std::vector<storage::Write> writes;
  for (auto& [place, entry] : found->entries) {
    const auto& [space, token, key] = place;
    writes.push_back({space, token, key, std::move(entry)});
  }
  account_.promise(account_.add(std::move(writes)));
  return {};
}

void SimStore::note_commit() {
  if (!strike_) return;
  host_.scheduler.after(draw(rng_, kAmbushDelay), std::exchange(strike_, nullptr));
}

std::unique_ptr<SimStore> make_store(const StorePlan& plan, const StoreHost& host, base::Rng rng) {
  if (plan.engine == EngineKind::kMap) return std::make_unique<MapStore>(host, rng);
  return std::make_unique<LsmStore>(plan, host, rng);
}

}  // namespace distkv::sim
