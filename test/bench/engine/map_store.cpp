// The memory engine: what the seam itself and a hash table cost, with no disk behind them.
#include "bench/engine/engine_store.h"
#include "storage/map/map_engine.h"

namespace distkv::bench {
namespace {

std::unique_ptr<Store> open(const StoreOptions&) {
  return std::make_unique<EngineStore>(std::make_unique<OwnerThreads>(),
                                       std::make_unique<storage::map::MapEngine>());
}

}  // namespace

StoreKind map_kind() {
  return {.name = "map",
          .version = "distkv",
          .is_persistent = false,
          .has_one_owner = true,
          .is_token_ordered = true,
          .open = open};
}

}  // namespace distkv::bench
