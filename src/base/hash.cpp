#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace distkv::base {

struct Hash128Stream::State {
  XXH3_state_t xxh3;
};

uint64_t hash64(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Id128 hash128(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

Hash128Stream::Hash128Stream() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->xxh3);
}

Hash128Stream::~Hash128Stream() = default;

void Hash128Stream::add(std::string_view bytes) {
  XXH3_128bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

Id128 Hash128Stream::hash() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->xxh3);
  return {hash.high64, hash.low64};
}

}  // namespace distkv::base
