#include "storage/executors.h"

#include <algorithm>
#include <utility>

namespace distkv::storage::test {

void InlineExecutor::run(std::function<void()> work, std::function<void()> done) {
  work();
  done();
}

void SteppedExecutor::run(std::function<void()> work, std::function<void()> done) {
  items_.push_back({std::move(work), std::move(done)});
}

void SteppedExecutor::step(base::Rng& rng) {
  const size_t index = rng.below(std::min(threads_, items_.size()));
  if (!items_[index].is_worked) {
    // It may end the program in the middle, and with it this queue.
    const auto work = items_[index].work;
    items_[index].is_worked = true;
    work();
    return;
  }
  const Item item = std::move(items_[index]);
  items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(index));
  item.done();
}

}  // namespace distkv::storage::test
