// checkpoint: a complete copy of one node's store, made while the node runs.
#include <ostream>

#include "bin/cli/commands.h"
#include "bin/cli/json.h"

namespace distkv::bin::cli {

std::string checkpoint_text(std::string_view name, const CheckpointOutcome& outcome) {
  return "Checkpoint '" + std::string(name) + "' of " + outcome.node_id +
         " is complete: " + outcome.directory + "\n";
}

std::string checkpoint_json(std::string_view name, const CheckpointOutcome& outcome) {
  return JsonObject()
      .bytes("name", name)
      .bytes("node_id", outcome.node_id)
      .bytes("directory", outcome.directory)
      .text();
}

int checkpoint(Call& call) {
  const std::string& name = call.argument(0);
  const CheckpointOutcome outcome = call.client.checkpoint(name);
  if (outcome.error.kind == ErrorKind::kUnknown) {
    complain(call.console, "no answer, the node may still complete checkpoint " + shown(name) +
                               "; give it more --timeout; " + outcome.error.message);
    return kExitUnknown;
  }
  if (!outcome.error.is_ok()) {
    return complain(call.console, "no checkpoint was made: " + outcome.error.message);
  }
  call.console.out << (call.is_json() ? checkpoint_json(name, outcome) + "\n"
                                      : checkpoint_text(name, outcome));
  return kExitOk;
}

}  // namespace distkv::bin::cli
