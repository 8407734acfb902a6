// A log that keeps its lines, but for those of level debug, for the test to look at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace distkv::test {

class SilentLog : public base::Log {
 public:
  bool is_enabled(base::LogLevel level) const override { return level > base::LogLevel::kDebug; }
  void write(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }

  std::vector<std::string> lines;
};

}  // namespace distkv::test
