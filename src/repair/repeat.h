// A loop whose steps may answer later: an engine answers some calls at once and others after its
// disk, and calling the next step from within the last one's answer would be a recursion as deep as
// the work is long.
#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace distkv::repair {

// Runs `step(next)`, and again each time it calls next(), until it ends without doing so. At most
// one call of next() a step. `step` lives as long as a `next` of it does.
inline void repeat(std::function<void(std::function<void()> next)> step) {
  struct Loop : std::enable_shared_from_this<Loop> {
    std::function<void(std::function<void()>)> step;
    bool is_in_step = false;
    bool is_asked_again = false;

    void run() {
      do {
        is_in_step = true;
        is_asked_again = false;
        step([self = this->shared_from_this()] {
          self->is_asked_again = true;
          if (!self->is_in_step) self->run();
        });
        is_in_step = false;
      } while (is_asked_again);
    }
  };
  const auto loop = std::make_shared<Loop>();
  loop->step = std::move(step);
  loop->run();
}

}  // namespace distkv::repair
