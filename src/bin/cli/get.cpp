#include <ostream>

#include "bin/cli/base64.h"
#include "bin/cli/commands.h"
#include "bin/cli/json.h"

namespace distkv::bin::cli {

std::string missing_text(std::string_view key) {
  return "Key '" + std::string(key) + "' not found";
}

std::string get_text(std::string_view key, const GetOutcome& outcome, bool wants_siblings) {
  std::string text = "Key: " + std::string(key) + "\n";
  for (const std::string& value : outcome.values) text += "Value: " + value + "\n";
  if (outcome.sibling_count > 1) {
    text +=
        "Siblings: " + std::to_string(outcome.sibling_count) +
        (wants_siblings ? ", newest first; " : ", the newest is shown; --siblings shows all, ") +
        "a put with --context settles them\n";
  }
  if (wants_siblings) text += "Context: " + base64(outcome.context) + "\n";
  return text;
}

std::string get_json(std::string_view key, const GetOutcome& outcome, bool wants_siblings) {
  JsonObject object;
  object.bytes("key", key).boolean("found", outcome.found());
  if (outcome.found()) object.bytes("value", outcome.values.front());
  object.number("siblings", outcome.sibling_count);
  if (wants_siblings) {
    std::vector<std::string> values;
    for (const std::string& value : outcome.values) {
      values.push_back(JsonObject().bytes("value", value).text());
    }
    object.json("values", json_array(values));
  }
  object.json("context", json_string(base64(outcome.context)));
  if (outcome.session_forgot) object.boolean("session_forgot", true);
  if (outcome.trace) object.json("trace", trace_json(*outcome.trace));
  return object.text();
}

std::string get_error_json(std::string_view key, const GetOutcome& outcome) {
  JsonObject object;
  object.bytes("key", key).json("outcome", json_string(outcome_name(outcome.error.kind)));
  object.bytes("error", outcome.error.message);
  add_retry(object, outcome.error);
  if (outcome.trace) object.json("trace", trace_json(*outcome.trace));
  return object.text();
}

int get(Call& call) {
  const std::string& key = call.argument(0);
  const Invocation& asked = call.invocation;
  Console& console = call.console;
  const GetOutcome outcome = call.client.get(key, get_options(call));
  if (outcome.session_forgot) {
    console.err << "Warning: the session had to forget keys, maybe this one: the answer may be "
                   "older than what it saw\n";
  }
  if (!outcome.error.is_ok()) {
    if (call.is_json()) console.out << get_error_json(key, outcome) << "\n";
    if (!call.is_json() && outcome.trace) console.out << trace_text(*outcome.trace);
    return complain(console, outcome.error.message);
  }
  if (call.is_json()) {
    console.out << get_json(key, outcome, asked.wants_siblings) << "\n";
  } else if (!outcome.found()) {
    // Whoever asked for the value's bytes alone must not take this text for them.
    (asked.wants_raw ? console.err : console.out) << missing_text(key) << "\n";
  } else if (asked.wants_raw) {
    console.out << outcome.values.front();
  } else {
    console.out << get_text(key, outcome, asked.wants_siblings);
  }
  if (!call.is_json() && outcome.trace) console.out << trace_text(*outcome.trace);
  return !outcome.found() && asked.fails_missing ? kExitMissing : kExitOk;
}

}  // namespace distkv::bin::cli
