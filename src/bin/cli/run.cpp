#include "bin/cli/run.h"

#include <algorithm>
#include <ostream>

#include "bin/arguments.h"
#include "bin/cli/commands.h"
#include "bin/cli/flags.h"

namespace distkv::bin::cli {

namespace {

// Verbs other versions of such stores have and this one will.
constexpr std::string_view kNotYet[] = {"scan",   "keys",    "ring",      "plan",  "decommission",
                                        "remove", "replace", "rebalance", "doctor"};

int no_such_command(Console& console, const std::string& name) {
  const bool is_later =
      std::find(std::begin(kNotYet), std::end(kNotYet), name) != std::end(kNotYet);
  std::vector<FlagName> names;
  for (const Command& command : commands()) names.push_back({command.name, false});
  const std::string_view near = nearest(name, names);
  complain(console, is_later ? "this version does not have the command " + shown(name) + " yet"
                    : near.empty() ? "unknown command " + shown(name)
                                   : "unknown command " + shown(name) + "; did you mean " +
                                         std::string(near) + "?");
  console.err << help_text();
  return kExitError;
}

bool takes(const Command& command, size_t arguments) {
  return arguments >= command.arguments_min && arguments <= command.arguments_max &&
         !(command.wants_pairs && arguments % 2 != 0);
}

int explain_usage(Console& console, const std::vector<std::string>& words) {
  if (words.size() < 2) return console.out << help_text(), kExitOk;
  const Command* command = find_command(words[1]);
  if (command == nullptr) return no_such_command(console, words[1]);
  return console.out << help_text(*command), kExitOk;
}

// What the session has seen is saved whatever the command's exit code: some of a batch may be
// stored.
int run_in_session(const Command& command, Call& call) {
  SessionToken session;
  const std::string& path = call.invocation.session;
  if (const Error loaded = session.load(path); !loaded.is_ok()) {
    return complain(call.console, loaded.message);
  }
  call.session = &session;
  const int exit_code = command.run(call);
  const Error saved = session.save(path);
  if (saved.is_ok()) return exit_code;
  complain(call.console,
           "the answer above holds, but the session did not learn of it: " + saved.message);
  return exit_code == kExitOk ? kExitError : exit_code;
}

int run_command(const Invocation& invocation, Console& console) {
  const Command* command = find_command(invocation.words.front());
  if (command == nullptr) return no_such_command(console, invocation.words.front());
  if (invocation.wants_help) return console.out << help_text(*command), kExitOk;
  const size_t arguments = invocation.words.size() - 1;
  if (!takes(*command, arguments)) {
    complain(console, std::string(command->name) + (arguments > command->arguments_max
                                                        ? " has too many arguments"
                                                        : " misses an argument"));
    return console.err << usage_line(*command), kExitError;
  }
  if (command->run == nullptr) return explain_usage(console, invocation.words);
  Client client(invocation.client);
  Call call{invocation, client, console};
  if (invocation.session.empty()) return command->run(call);
  return run_in_session(*command, call);
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::string_view version, Console& console) {
  const auto invocation = parse_client(arguments);
  if (!invocation.is_ok()) return complain(console, invocation.status().message());
  int exit_code = kExitOk;
  if (invocation->wants_version) {
    console.out << "distkv-client " << version << "\n";
  } else if (!invocation->words.empty()) {
    exit_code = run_command(*invocation, console);
  } else if (invocation->wants_help) {
    console.out << help_text();
  } else {
    console.err << help_text();
    return kExitError;
  }
  // A full disk or a closed pipe behind standard output must not pass for success.
  if (console.out.flush()) return exit_code;
  return complain(console, "cannot write to standard output");
}

}  // namespace distkv::bin::cli
