// When what has gathered for the log is written out: kGroup writes at the end of their turn, so
// that they share a frame and its sync; kMemory writes when there are enough of them, or after a
// while. Single owner.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/timers.h"
#include "storage/engine.h"
#include "storage/lsm/wal/log.h"

namespace distkv::storage::lsm {

class LogSchedule {
 public:
  // Both must outlive this. `sync_interval`: kMemory writes are synced that often; nullopt: never
  // for their own sake.
  LogSchedule(base::Timers& timers, Log& log, std::optional<base::Duration> sync_interval)
      : timers_(timers), log_(log), sync_interval_(sync_interval) {}
  ~LogSchedule();
  LogSchedule(const LogSchedule&) = delete;
  LogSchedule& operator=(const LogSchedule&) = delete;

  // Something was appended that must reach the disk as `durability` says.
  void wrote(Durability durability);

 private:
  // Writes out after `delay`, unless that is under way already.
  void start(std::optional<base::TimerId>& timer, base::Duration delay, bool is_sync);

  base::Timers& timers_;
  Log& log_;
  std::optional<base::Duration> sync_interval_;
  std::optional<base::TimerId> turn_timer_;    // Set: kGroup writes wait for the end of the turn.
  std::optional<base::TimerId> gather_timer_;  // Set: kMemory writes wait for company.
  std::optional<base::TimerId> sync_timer_;
};

}  // namespace distkv::storage::lsm
