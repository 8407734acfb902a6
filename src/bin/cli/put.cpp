// put, and the report that every single write ends with: one write, and what became of it.
#include <istream>
#include <ostream>

#include "base/types.h"
#include "bin/cli/base64.h"
#include "bin/cli/commands.h"
#include "bin/cli/json.h"

namespace distkv::bin::cli {

namespace {

// One byte more than may be stored is enough to know that it is too much.
std::string read_value(std::istream& in) {
  std::string value(base::kValueBytesMax + 1, '\0');
  in.read(value.data(), static_cast<std::streamsize>(value.size()));
  value.resize(static_cast<size_t>(in.gcount()));
  return value;
}

std::string_view name_of(Persistence persistence) {
  switch (persistence) {
    case Persistence::kDisk:
      return "disk";
    case Persistence::kPeriodic:
      return "periodic";
    case Persistence::kMemory:
      return "memory";
    case Persistence::kUnsaid:
      break;
  }
  return "unsaid";
}

std::string_view phrase_of(Persistence persistence) {
  switch (persistence) {
    case Persistence::kDisk:
      return " (on disk)";
    case Persistence::kPeriodic:
      return " (not on disk yet)";
    case Persistence::kMemory:
      return " (in memory)";
    case Persistence::kUnsaid:
      break;
  }
  return "";
}

Persistence persistence_of(const PutOutcome& outcome, size_t index) {
  return index < outcome.persistence.size() ? outcome.persistence[index] : Persistence::kUnsaid;
}

// {"node1":"disk",...}
std::string durability_json(const PutOutcome& outcome) {
  JsonObject object;
  for (size_t i = 0; i < outcome.acknowledged.size(); ++i) {
    object.json(outcome.acknowledged[i], json_string(name_of(persistence_of(outcome, i))));
  }
  return object.text();
}

}  // namespace

std::string acknowledged_text(const PutOutcome& outcome) {
  std::string text;
  for (size_t i = 0; i < outcome.acknowledged.size(); ++i) {
    text.append(text.empty() ? "" : ", ").append(outcome.acknowledged[i]);
    text.append(phrase_of(persistence_of(outcome, i)));
  }
  return text.empty() ? "no replica" : text;
}

std::string put_error_text(std::string_view key, const PutOutcome& outcome) {
  switch (outcome.error.kind) {
    case ErrorKind::kUnknown:
      return "the outcome for key " + shown(key) + " is unknown, it may take effect later; " +
             "acknowledged by " + acknowledged_text(outcome) + "; " + outcome.error.message;
    case ErrorKind::kRejected:
      return "key " + shown(key) + " was not changed, " + outcome.error.message;
    default:
      return outcome.error.message;
  }
}

std::string put_json(std::string_view key, const PutOutcome& outcome) {
  std::vector<std::string> layouts;
  for (const uint64_t layout : outcome.layouts) layouts.push_back(std::to_string(layout));
  JsonObject object;
  object.bytes("key", key).json("outcome", json_string(outcome_name(outcome.error.kind)));
  if (!outcome.error.is_ok()) object.bytes("error", outcome.error.message);
  add_retry(object, outcome.error);
  object.json("context", json_string(base64(outcome.context)))
      .json("acknowledged", json_strings(outcome.acknowledged))
      .json("hinted", json_strings(outcome.hinted))
      .json("durability", durability_json(outcome))
      .json("layouts", json_array(layouts))
      .boolean("may_repeat", outcome.may_repeat);
  if (outcome.forwarding) object.json("forwarding", trace_json(*outcome.forwarding));
  if (outcome.trace) object.json("trace", trace_json(*outcome.trace));
  return object.text();
}

std::string receipt_text(const PutOutcome& outcome) {
  std::string hinted;
  for (const std::string& node : outcome.hinted) {
    hinted.append(hinted.empty() ? "" : ", ").append(node);
  }
  std::string layouts;
  for (const uint64_t layout : outcome.layouts) {
    layouts.append(layouts.empty() ? "" : " and ").append(std::to_string(layout));
  }
  return "Acknowledged by: " + acknowledged_text(outcome) +
         "\nHinted: " + (hinted.empty() ? "none" : hinted) +
         "\nLayout version: " + (layouts.empty() ? "not said" : layouts) + "\n";
}

// What --trace adds, whatever became of the write.
static void print_trace(Call& call, const PutOutcome& outcome) {
  if (!call.invocation.wants_trace || call.is_json()) return;
  call.console.out << receipt_text(outcome);
  if (outcome.forwarding) call.console.out << trace_text(*outcome.forwarding);
  if (outcome.trace) call.console.out << trace_text(*outcome.trace);
}

int report_write(Call& call, std::string_view key, const PutOutcome& outcome,
                 std::string_view done) {
  Console& console = call.console;
  if (call.is_json()) console.out << put_json(key, outcome) << "\n";
  if (!outcome.error.is_ok()) {
    complain(console, put_error_text(key, outcome));
    print_trace(call, outcome);
    return outcome.error.kind == ErrorKind::kUnknown ? kExitUnknown : kExitError;
  }
  if (!call.is_json()) console.out << done << "\n";
  print_trace(call, outcome);
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
