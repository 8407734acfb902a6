#include "runtime/random_seed.h"

#include <uv.h>

#include "base/check.h"

namespace distkv::runtime {

uint64_t random_seed() {
  uint64_t seed = 0;
  DISTKV_CHECK(uv_random(nullptr, nullptr, &seed, sizeof(seed), 0, nullptr) == 0);
  return seed;
}

}  // namespace distkv::runtime
