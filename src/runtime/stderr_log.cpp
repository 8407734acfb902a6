#include "runtime/stderr_log.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace distkv::runtime {

std::string format_utc(base::WallTime time) {
  const std::chrono::milliseconds since_1970 = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_1970);
  const std::time_t whole = static_cast<std::time_t>(seconds.count());
  std::tm parts{};
  gmtime_r(&whole, &parts);
  char text[80];  // Enough for any six integers; a real date takes 24.
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>((since_1970 - seconds).count()));
  return text;
}

void StderrLog::write(base::LogLevel level, std::string_view line) {
  if (!is_enabled(level)) return;
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  std::string text =
      format_utc(base::WallTime(std::chrono::duration_cast<std::chrono::milliseconds>(since_1970)));
  text.append(" ").append(line).append("\n");
  while (::write(descriptor_, text.data(), text.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace distkv::runtime
