// put, and the report that every single write ends with: one write, and what became of it.
#include <istream>
#include <ostream>

#include "base/types.h"
#include "bin/cli/base64.h"
#include "bin/cli/commands.h"
#include "bin/cli/json.h"

namespace distkv::bin::cli {

namespace {

std::string_view outcome_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNone:
      return "stored";
    case ErrorKind::kInvalid:
      return "invalid";
    case ErrorKind::kUnknown:
      return "unknown";
    case ErrorKind::kUnreachable:
      return "unreachable";
    case ErrorKind::kRejected:
    case ErrorKind::kUnavailable:
      break;
  }
  return "rejected";
}

// One byte more than may be stored is enough to know that it is too much.
std::string read_value(std::istream& in) {
  std::string value(base::kValueBytesMax + 1, '\0');
  in.read(value.data(), static_cast<std::streamsize>(value.size()));
  value.resize(static_cast<size_t>(in.gcount()));
  return value;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text.empty() ? "no replica" : text;
}

}  // namespace

std::string put_error_text(std::string_view key, const PutOutcome& outcome) {
  switch (outcome.error.kind) {
    case ErrorKind::kUnknown:
      return "the outcome for key " + shown(key) + " is unknown, it may take effect later; " +
             "acknowledged by " + joined(outcome.acknowledged) + "; " + outcome.error.message;
    case ErrorKind::kRejected:
      return "key " + shown(key) + " was not changed, " + outcome.error.message;
    default:
      return outcome.error.message;
  }
}

std::string put_json(std::string_view key, const PutOutcome& outcome) {
  JsonObject object;
  object.bytes("key", key).json("outcome", json_string(outcome_name(outcome.error.kind)));
  if (!outcome.error.is_ok()) object.bytes("error", outcome.error.message);
  return object.json("context", json_string(base64(outcome.context)))
      .json("acknowledged", json_strings(outcome.acknowledged))
      .json("hinted", json_strings(outcome.hinted))
      .text();
}

int report_write(Call& call, std::string_view key, const PutOutcome& outcome,
                 std::string_view done) {
  Console& console = call.console;
  if (call.is_json()) console.out << put_json(key, outcome) << "\n";
  if (!outcome.error.is_ok()) {
    complain(console, put_error_text(key, outcome));
    return outcome.error.kind == ErrorKind::kUnknown ? kExitUnknown : kExitError;
  }
  if (!call.is_json()) console.out << done << "\n";
  return kExitOk;
}

int put(Call& call) {
  const std::string& key = call.argument(0);
  std::string value = call.argument(1);
  if (value == "-") value = read_value(call.console.in);
  return report_write(call, key, call.client.put(key, value, put_options(call)),
                      "Successfully stored key '" + key + "'");
}

}  // namespace distkv::bin::cli
