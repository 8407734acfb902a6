// The seam through which an engine leaves its owner's thread: `work` runs elsewhere (or later),
// then `done` on the owner. The runtime gives threads, the simulator gives delays, tests run
// inline.
#pragma once

#include <functional>

namespace distkv::storage {

class Executor {
 public:
  virtual ~Executor() = default;
  // Items start in order; with one thread behind it they also finish in order. `work` must touch
  // only what it owns or what is immutable. Both run exactly once unless the host stops first.
  virtual void run(std::function<void()> work, std::function<void()> done) = 0;
};

}  // namespace distkv::storage
