#include "replica/dot_clock.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::replica {

causality::Dot DotClock::mint(const causality::Context& seen) {
  constexpr int kCountBits = 16;
  constexpr uint64_t kMillisMax = (uint64_t{1} << 48) - 1;
  const int64_t wall = clock_.wall_now().time_since_epoch().count();
  const uint64_t millis = std::min(static_cast<uint64_t>(std::max<int64_t>(wall, 0)), kMillisMax);
  const uint64_t next =
      std::max({millis << kCountBits, last_.value() + 1, seen.newest(actor_).value() + 1});
  DISTKV_CHECK(next > last_.value());
  last_ = base::Counter{next};
  return {actor_, last_};
}

}  // namespace distkv::replica
