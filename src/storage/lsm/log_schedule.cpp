#include "storage/lsm/log_schedule.h"

#include <cstdint>

namespace distkv::storage::lsm {

namespace {

// Gathered kMemory writes go to the system at this size, or after this long.
constexpr uint64_t kGatherBytes = 256 << 10;
constexpr base::Duration kGatherTime = std::chrono::milliseconds(10);
// One turn's kGroup writes start for the disk at once beyond this; a frame this large is efficient.
constexpr uint64_t kTurnBytesMax = 1 << 20;

}  // namespace

LogSchedule::~LogSchedule() {
  for (auto* timer : {&turn_timer_, &gather_timer_, &sync_timer_}) {
    if (*timer) timers_.stop(**timer);
  }
}

void LogSchedule::wrote(Durability durability) {
  const bool is_group = durability == Durability::kGroup;
  if (log_.bytes_waiting() >= (is_group ? kTurnBytesMax : kGatherBytes)) {
    log_.write_out(is_group);
  } else if (is_group) {
    start(turn_timer_, base::Duration::zero(), true);
  } else {
    start(gather_timer_, kGatherTime, false);
  }
  if (!is_group && sync_interval_) start(sync_timer_, *sync_interval_, true);
}

void LogSchedule::start(std::optional<base::TimerId>& timer, base::Duration delay, bool is_sync) {
  if (timer) return;
  timer = timers_.start(delay, [this, &timer, is_sync] {
    timer.reset();
    log_.write_out(is_sync);
  });
}

}  // namespace distkv::storage::lsm
