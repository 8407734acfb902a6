#include "bench/engine/store.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>

namespace distkv::bench {

void Store::rest(std::chrono::milliseconds time) {
  ::poll(nullptr, 0, static_cast<int>(time.count()));
}

std::vector<StoreKind> store_kinds() {
  std::vector<StoreKind> kinds;
  kinds.push_back(lsm_kind());
  kinds.push_back(map_kind());
  kinds.push_back(leveldb_kind());
#ifdef DISTKV_HAS_ROCKSDB
  kinds.push_back(rocksdb_kind());
#endif
  return kinds;
}

std::optional<StoreKind> find_store_kind(std::string_view name) {
  for (StoreKind& kind : store_kinds()) {
    if (kind.name == name) return kind;
  }
  return std::nullopt;
}

void stop(const std::string& why) {
  std::fprintf(stderr, "engine_bench: %s\n", why.c_str());
  // Not exit(): other threads may still be in a store.
  ::_exit(1);
}

}  // namespace distkv::bench
