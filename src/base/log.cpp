#include "base/log.h"

namespace distkv::base {

namespace {
// A value with blanks or quotes is quoted, so that a line always splits on blanks outside quotes.
void append_value(std::string& line, std::string_view value) {
  if (!value.empty() && value.find_first_of(" \"=\n\t\\") == std::string_view::npos) {
    line.append(value);
    return;
  }
  line.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') line.push_back('\\');
    line.push_back(c == '\n' || c == '\t' ? ' ' : c);
  }
  line.push_back('"');
}
}  // namespace

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "unrecognised";
}

void Log::emit(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!is_enabled(level)) return;
  std::string line = "level=";
  line.append(name_of(level)).append(" event=").append(event);
  for (const LogField& field : fields) {
    line.append(" ").append(field.name).append("=");
    append_value(line, field.value);
  }
  write(level, line);
}

}  // namespace distkv::base
