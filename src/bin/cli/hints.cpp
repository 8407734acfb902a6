// hints: what one node keeps for others, and waiting until that is gone.
#include <ostream>

#include "bin/cli/commands.h"
#include "bin/cli/json.h"

namespace distkv::bin::cli {

namespace {

HintTarget total_of(const HintsOutcome& outcome) {
  HintTarget total;
  for (const HintTarget& target : outcome.targets) {
    total.pending += target.pending;
    total.bytes += target.bytes;
  }
  return total;
}

std::string target_text(const HintTarget& target) {
  return "  " + target.id + " - Pending: " + std::to_string(target.pending) +
         " - Bytes: " + std::to_string(target.bytes) +
         " - Oldest: " + (target.pending == 0 ? "none" : age_text(target.age)) +
         " - Delivered: " + std::to_string(target.delivered) +
         " - Dropped: " + std::to_string(target.dropped) + "\n";
}

std::string target_json(const HintTarget& target) {
  JsonObject object;
  object.bytes("id", target.id).number("pending", target.pending).number("bytes", target.bytes);
  object.number("age_ms", static_cast<uint64_t>(target.age.count()));
  return object.number("delivered", target.delivered).number("dropped", target.dropped).text();
}

}  // namespace

std::string age_text(std::chrono::milliseconds age) {
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  std::string text;
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
  if (seconds >= 60) text += std::to_string(seconds / 60 % 60) + "m";
  return text + std::to_string(seconds % 60) + "s";
}

std::string hints_text(const HintsOutcome& outcome) {
  const HintTarget total = total_of(outcome);
  std::string text = "=== Hints of " + outcome.node_id + " ===\n";
  text += "Pending: " + std::to_string(total.pending) + "\n";
  text += "Bytes: " + std::to_string(total.bytes) + " of at most " +
          std::to_string(outcome.bytes_max) + "\n";
  text += "Dropped: " + std::to_string(outcome.dropped) + "\n";
  text += "Dirty partitions: " + std::to_string(outcome.dirty_partitions) + "\n";
  if (!outcome.targets.empty()) text += "\n=== Targets ===\n";
  for (const HintTarget& target : outcome.targets) text += target_text(target);
  return text;
}

std::string hints_json(const HintsOutcome& outcome) {
  const HintTarget total = total_of(outcome);
  std::vector<std::string> targets;
  for (const HintTarget& target : outcome.targets) targets.push_back(target_json(target));
  JsonObject object;
  object.bytes("node_id", outcome.node_id).number("pending", total.pending);
  object.number("bytes", total.bytes).number("bytes_max", outcome.bytes_max);
  object.number("dropped", outcome.dropped).number("dirty_partitions", outcome.dirty_partitions);
  return object.boolean("done", outcome.is_done).json("targets", json_array(targets)).text();
}

std::string hints_left_text(const HintsOutcome& outcome) {
  std::string left;
  for (const HintTarget& target : outcome.targets) {
    if (target.pending == 0) continue;
    left += (left.empty() ? "" : ", ") + std::to_string(target.pending) + " for " + target.id;
  }
  return "not all hints were delivered in time; left are " + left;
}

int hints(Call& call) {
  HintsOptions options;
  if (call.argument_count() > 0) options.target = call.argument(0);
  options.waits = call.invocation.waits;
  const HintsOutcome outcome = call.client.hints(options);
  if (!outcome.error.is_ok()) {
    complain(call.console, outcome.error.message);
    return outcome.error.kind == ErrorKind::kUnknown ? kExitUnknown : kExitError;
  }
  call.console.out << (call.is_json() ? hints_json(outcome) + "\n" : hints_text(outcome));
  if (!options.waits || outcome.is_done) return kExitOk;
  complain(call.console, hints_left_text(outcome));
  return kExitUnknown;
}

}  // namespace distkv::bin::cli
