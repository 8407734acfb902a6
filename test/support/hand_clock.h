// A clock that stands still until a test moves it.
#pragma once

#include "base/clock.h"

namespace distkv::test {

class HandClock : public base::Clock {
 public:
  base::MonotonicTime now() const override { return time; }
  base::WallTime wall_now() const override { return wall; }

  base::MonotonicTime time{};
  base::WallTime wall{std::chrono::milliseconds(1'700'000'000'000)};
};

}  // namespace distkv::test
