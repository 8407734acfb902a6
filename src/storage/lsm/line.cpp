#include "storage/lsm/line.h"

#include <utility>

#include "base/check.h"
#include "base/codec.h"

namespace distkv::storage::lsm {

std::string Line::name_of(const KeyRef& key) {
  std::string name;
  base::Writer writer(name);
  writer.u8(static_cast<uint8_t>(key.space));
  writer.u64(key.token.value());
  writer.raw(key.key);
  return name;
}

void Line::open(const std::string& name) {
  const bool is_new = queues_.try_emplace(name).second;
  DISTKV_CHECK(is_new);
  ++size_;
}

void Line::join(const std::string& name, Turn turn) {
  queues_.at(name).turns.push_back(std::move(turn));
  ++size_;
}

void Line::release(const std::string& name) {
  // The key stays held meanwhile, so what callbacks ask for joins at the end.
  Queue& queue = queues_.at(name);  // Stays where it is when the map grows.
  --size_;
  if (queue.is_running) {
    queue.is_released = true;
    return;
  }
  while (!queue.turns.empty()) {
    const Turn turn = std::move(queue.turns.front());
    queue.turns.pop_front();
    queue.is_running = true;
    const bool is_over = turn();
    queue.is_running = false;
    if (is_over) --size_;
    if (!is_over && !std::exchange(queue.is_released, false)) return;
  }
  queues_.erase(name);
}

}  // namespace distkv::storage::lsm
