// Log lines on standard error: "2026-01-31T12:00:00.000Z level=info event=started …".
//
// Happy path: one write(2) a line, so lines of several processes on one terminal do not mix.
// Failures: a line that cannot be written is lost; there is nowhere to say so.
// Who frees: nothing is held but a descriptor that belongs to the caller.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"

namespace distkv::runtime {

class StderrLog final : public base::Log {
 public:
  // Lines below `level_min` are dropped. `descriptor` stays the caller's; 2 is standard error.
  explicit StderrLog(base::LogLevel level_min, int descriptor = 2)
      : level_min_(level_min), descriptor_(descriptor) {}

  bool is_enabled(base::LogLevel level) const override { return level >= level_min_; }
  void write(base::LogLevel level, std::string_view line) override;

 private:
  base::LogLevel level_min_;
  int descriptor_;
};

// ISO 8601 in UTC, with milliseconds: "1970-01-01T00:00:00.000Z".
std::string format_utc(base::WallTime time);

}  // namespace distkv::runtime
