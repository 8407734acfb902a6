#include "bin/check/report.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "bin/cli/json.h"

namespace distkv::bin::check {

using cli::json_array;
using cli::json_string;
using cli::JsonObject;
using history::Fault;
using history::Operation;
using history::Outcome;

namespace {

std::string fixed(double number, int digits) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return {text.data(), std::min(static_cast<size_t>(std::max(size, 0)), text.size() - 1)};
}

std::string right(const std::string& text, size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string milliseconds(std::chrono::nanoseconds time) {
  return fixed(std::chrono::duration<double, std::milli>(time).count(), 2);
}
std::string seconds(std::chrono::milliseconds time) {
  return fixed(std::chrono::duration<double>(time).count(), 1);
}

std::string_view name_of(Consistency consistency) {
  return consistency == Consistency::kOne      ? "one"
         : consistency == Consistency::kQuorum ? "quorum"
                                               : "all";
}

std::string row(const std::string& name, const Figures& figures) {
  std::string text = name;
  for (const Outcome outcome : {Outcome::kOk, Outcome::kRefused, Outcome::kUnknown}) {
    text += right(std::to_string(figures.count(outcome)), 10);
  }
  for (const double share : {0.5, 0.99, 0.999}) {
    text += right(milliseconds(figures.latency.quantile(share)), 10);
  }
  return text + right(milliseconds(figures.latency.max()), 10) + "\n";
}

std::string keys_text(const Report& report) {
  std::string text = "keys: " + std::to_string(report.keys) + " used, ";
  if (report.keys_unread > 0) {
    return text + std::to_string(report.keys_unread) +
           " could not be read at the end: nothing is known of them\n";
  }
  text.append("all read at ").append(name_of(report.last_level)).append(" at the end");
  if (report.keys_left > 0) {
    text += ", " + std::to_string(report.keys_left) + " could not be removed";
  }
  return text + "\n";
}

std::string replicas_text(const Convergence& found) {
  const std::string after = " after " + seconds(found.after) + " s\n";
  if (found.is_equal()) return "replicas: equal" + after;
  std::string text = "replicas: " + std::to_string(found.keys_different) + " keys differ";
  if (found.keys_unanswered > 0) {
    text +=
        ", " + std::to_string(found.keys_unanswered) + " cannot be compared (" + found.why + ")";
  }
  return text + after;
}

std::string violations_text(const Report& report) {
  const history::Verdict& verdict = report.verdict;
  std::string text = "violations: " + std::to_string(verdict.total());
  for (size_t i = 0; i < history::kFaults; ++i) {
    if (verdict.counts[i] == 0) continue;
    text += ", " + std::to_string(verdict.counts[i]) + " ";
    text.append(history::name_of(static_cast<Fault>(i)));
  }
  text += "\n";
  const size_t shown = std::min(verdict.violations.size(), kViolationsShown);
  const auto origin =
      report.history.empty() ? base::MonotonicTime{} : report.history.front().invoked_at;
  for (size_t i = 0; i < shown; ++i) {
    const history::Violation& violation = verdict.violations[i];
    text.append("\n").append(history::name_of(violation.fault)).append(", key ");
    text += violation.key + ": the first of these " + violation.what + "\n";
    for (const size_t place : violation.operations) {
      text += "  " + history::describe(report.history[place], origin) + "\n";
    }
  }
  return text;
}

std::string object_of(const Figures& figures) {
  JsonObject object;
  object.number("ok", figures.count(Outcome::kOk));
  object.number("refused", figures.count(Outcome::kRefused));
  object.number("unknown", figures.count(Outcome::kUnknown));
  object.json("p50_ms", milliseconds(figures.latency.quantile(0.5)));
  object.json("p99_ms", milliseconds(figures.latency.quantile(0.99)));
  object.json("p999_ms", milliseconds(figures.latency.quantile(0.999)));
  return object.json("max_ms", milliseconds(figures.latency.max())).text();
}

std::string counts_of(const history::Verdict& verdict) {
  JsonObject object;
  for (size_t i = 0; i < history::kFaults; ++i) {
    object.number(history::name_of(static_cast<Fault>(i)), verdict.counts[i]);
  }
  return object.text();
}

std::string told(const Report& report) {
  std::vector<std::string> told;
  for (const history::Violation& violation : report.verdict.violations) {
    if (told.size() == kViolationsShown) break;
    std::vector<std::string> operations;
    for (const size_t place : violation.operations) operations.push_back(std::to_string(place));
    JsonObject object;
    object.json("fault", json_string(history::name_of(violation.fault)));
    object.bytes("key", violation.key).bytes("what", violation.what);
    told.push_back(object.json("operations", json_array(operations)).text());
  }
  return json_array(told);
}

std::string line_of(const Operation& operation) {
  const auto monotonic = [](base::MonotonicTime time) {
    return fixed(std::chrono::duration<double>(time.time_since_epoch()).count(), 6);
  };
  JsonObject object;
  object.number("client", operation.client);
  object.json("op", json_string(history::name_of(operation.kind))).bytes("key", operation.key);
  object.json("consistency", json_string(history::name_of(operation.consistency)));
  object.json("began", monotonic(operation.invoked_at));
  if (operation.returned_at) object.json("ended", monotonic(*operation.returned_at));
  object.json("outcome", json_string(history::name_of(operation.outcome)));
  object.bytes("node", operation.node);
  if (operation.kind == history::Kind::kPut) object.bytes("value", operation.value);
  if (operation.context_of) object.number("context_of", *operation.context_of);
  if (operation.is_read() && operation.is_ok()) {
    object.json("values", cli::json_strings(operation.values));
    object.number("siblings", operation.sibling_count);
  }
  return object.text();
}

}  // namespace

std::string as_text(const Options& options, const Report& report) {
  std::string text = "check " + report.run + ": " + std::to_string(options.clients) + " clients, " +
                     std::to_string(options.keys) + " keys at once, " + seconds(options.duration) +
                     " s at ";
  text.append(name_of(options.consistency));
  text += ", seed " + std::to_string(report.seed) + "\n";
  text += "              ok   refused   unknown    p50 ms    p99 ms  p99.9 ms    max ms\n";
  text += row("reads ", report.reads) + row("writes", report.writes);
  text += keys_text(report);
  if (report.was_full) {
    text += "the most operations, " + std::to_string(kOperationsMax) +
            ", were recorded before the time was over\n";
  }
  text += replicas_text(report.convergence);
  if (report.contexts_unreadable > 0) {
    text += std::to_string(report.contexts_unreadable) + " answers had a context that is damaged\n";
  }
  return text + violations_text(report);
}

std::string as_json(const Options& options, const Report& report) {
  JsonObject object;
  object.bytes("run", report.run).identity("seed", report.seed);
  object.number("clients", options.clients);
  object.json("seconds", seconds(options.duration));
  object.json("consistency", json_string(name_of(options.consistency)));
  object.json("reads", object_of(report.reads)).json("writes", object_of(report.writes));
  object.number("keys", report.keys).number("keys_unread", report.keys_unread);
  object.number("keys_left", report.keys_left).boolean("was_full", report.was_full);
  object.json("last_read_at", json_string(name_of(report.last_level)));
  object.boolean("replicas_equal", report.convergence.is_equal());
  object.number("keys_different", report.convergence.keys_different);
  object.number("keys_not_compared", report.convergence.keys_unanswered);
  object.bytes("why_not_compared", report.convergence.why);
  object.json("settled_seconds", seconds(report.convergence.after));
  object.number("contexts_unreadable", report.contexts_unreadable);
  object.number("violations", report.verdict.total()).json("by_fault", counts_of(report.verdict));
  return object.json("first_violations", told(report)).text();
}

void write_history(std::ostream& out, const history::History& history) {
  for (const Operation& operation : history) out << line_of(operation) << "\n";
}

}  // namespace distkv::bin::check
