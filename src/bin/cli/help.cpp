// The table of commands and the help texts that follow from it.
#include "bin/cli/commands.h"
#include "bin/cli/flags.h"

#include <algorithm>

namespace distkv::bin::cli {

namespace {

std::vector<Command> key_commands() {
  return {
      {"put",
       "KEY VALUE",
       "Store a value under a key; with - as VALUE, standard input.",
       {"context", "ttl", "trace", "session"},
       2,
       2,
       false,
       put},
      {"get",
       "KEY",
       "Print the value of a key.",
       {"siblings", "raw", "fail-missing", "trace", "session"},
       1,
       1,
       false,
       get},
      {"delete", "KEY", "Delete a key.", {"context", "trace", "session"}, 1, 1, false, remove},
      {"batch",
       "KEY VALUE [KEY VALUE ...]",
       "Store many pairs at once.",
       {"ttl", "session"},
       2,
       kArgumentsMax,
       true,
       batch},
      {"load",
       "FILE",
       "Store each line of a file as a key, with its line number as the value.",
       {"ttl"},
       1,
       1,
       false,
       load},
      {"verify",
       "FILE",
       "Check that each line of a file is there as `load` stored it.",
       {},
       1,
       1,
       false,
       verify},
  };
}

std::vector<Command> cluster_commands() {
  return {
      {"explain",
       "KEY",
       "Show where a key lives, what each replica holds, and why.",
       {},
       1,
       1,
       false,
       explain},
      {"status", "", "Show the cluster as one node sees it.", {}, 0, 0, false, status},
      {"checkpoint",
       "NAME",
       "Copy the store of the node asked, while it runs, to checkpoints/NAME in its data "
       "directory.",
       {},
       1,
       1,
       false,
       checkpoint},
      {"hints",
       "[NODE]",
       "Show the writes that the node asked keeps for others until they are back, or for NODE "
       "alone.",
       {"wait"},
       0,
       1,
       false,
       hints},
      {"check",
       "",
       "Use the cluster for a while, on keys of its own, and tell every promise it breaks: exit 1.",
       {"duration", "clients", "keys", "seed", "settle", "history"},
       0,
       0,
       false,
       check},
      {"help", "[COMMAND]", "Explain a command.", {}, 0, 1, false, nullptr},
  };
}

std::vector<Command> joined(std::vector<Command> commands, const std::vector<Command>& more) {
  commands.insert(commands.end(), more.begin(), more.end());
  return commands;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> kCommands = joined(key_commands(), cluster_commands());
  return kCommands;
}

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(commands().begin(), commands().end(),
                                  [name](const Command& command) { return command.name == name; });
  return found == commands().end() ? nullptr : &*found;
}

std::string usage_line(const Command& command) {
  std::string line = "Usage: distkv-client " + std::string(command.name);
  if (!command.arguments.empty()) line.append(" ").append(command.arguments);
  for (const std::string_view flag : command.flags) line.append(" [--").append(flag).append("]");
  return line + "\n";
}

std::string help_text(const Command& command) {
  return usage_line(command) + "\n" + std::string(command.meaning) +
         "\n\nFlags, before or after the command:\n" + flag_lines();
}

std::string help_text() {
  constexpr size_t kMeaningColumn = 35;
  std::string text =
      "distkv-client: put, get and remove keys of a distkv cluster\n\n"
      "Usage: distkv-client [flags] COMMAND [arguments]\n\n"
      "Commands:\n";
  for (const Command& command : commands()) {
    std::string line = "  " + std::string(command.name) + " " + std::string(command.arguments);
    line.resize(std::max(line.size() + 1, kMeaningColumn), ' ');
    text.append(line).append(command.meaning).append("\n");
  }
  return text + "\nFlags, before or after the command (-- ends them):\n" + flag_lines() +
         "\nExit: 0 done, 1 refused or no server, 3 outcome unknown, not in time or check too "
         "short, "
         "4 absent with "
         "--fail-missing.\n";
}

}  // namespace distkv::bin::cli
