// Structured log lines: an event name and key=value pairs on one line. Never values, never secrets.
// `kError` means a person must act; one in a simulated run fails that run.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace distkv::base {

enum class LogLevel : uint8_t { kDebug = 0, kInfo = 1, kWarn = 2, kError = 3 };

std::string_view name_of(LogLevel level);

struct LogField {
  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, uint64_t number)
      : name(field_name), value(std::to_string(number)) {}
  std::string_view name;
  std::string value;
};

// Where lines go; hosts implement it. Called on the owner's thread only.
class Log {
 public:
  virtual ~Log() = default;
  virtual bool is_enabled(LogLevel level) const = 0;
  // `line` has no newline and no time stamp; both are the host's.
  virtual void write(LogLevel level, std::string_view line) = 0;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    emit(LogLevel::kDebug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    emit(LogLevel::kInfo, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) {
    emit(LogLevel::kWarn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    emit(LogLevel::kError, event, fields);
  }

 private:
  void emit(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);
};

}  // namespace distkv::base
