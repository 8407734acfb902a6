#include "sim/map_store.h"

#include <utility>

#include "storage/map/map_engine.h"

namespace distkv::sim {

namespace {
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Spread kUsualSync{microseconds(80), microseconds(400)};
constexpr Spread kSlowSync{milliseconds(20), milliseconds(300)};
}  // namespace

MapStore::MapStore(const StoreHost& host, base::Rng rng)
    : SimStore(host, rng), disk_(host_.scheduler, rng_.fork(), host_.hand) {
  set_slow(false);
}

void MapStore::set_slow(bool is_slow) { disk_.set_sync_delay(is_slow ? kSlowSync : kUsualSync); }

base::Result<std::unique_ptr<storage::Engine>> MapStore::open_engine(base::Timers&) {
  auto engine = std::make_unique<storage::map::MapEngine>(&disk_);
  engine->load(disk_.contents());
  return std::unique_ptr<storage::Engine>(std::move(engine));
}

base::Result<Found> MapStore::read_all() {
  Found found;
  for (storage::Write& write : disk_.contents()) {
    found.entries[{write.space, write.token, std::move(write.key)}] = *std::move(write.entry);
  }
  return found;
}

}  // namespace distkv::sim
