// Every setting of distkv-server: one table gives the flag, the environment variable, the line in
// the configuration file, the help text and the check.
//
// A flag outranks DISTKV_NAME, that outranks the file named by --config, that outranks the default.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/server.h"

namespace distkv::bin {

struct Setting {
  std::string_view name;      // As in --name; DISTKV_NAME and `name = value` follow from it.
  std::string_view standard;  // The default, as text.
  std::string_view allowed;   // Range or choice, with the unit.
  std::string_view meaning;
  // Checks and stores a value; the status says what is wrong with it.
  base::Status (*set)(server::ServerOptions& options, std::string_view value);
};

const std::vector<Setting>& settings();

struct CommandLine {
  server::ServerOptions options;
  bool wants_help = false;
  bool wants_version = false;
};

// Looks a variable up in the environment; a parameter so that tests bring their own.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

// kInvalidArgument names the flag, variable, or file and line, and what is allowed there.
base::Result<CommandLine> parse_server(const std::vector<std::string>& arguments,
                                       const Environment& environment);

// The lines `name = value` of a configuration file; '#' starts a comment. `path` is for messages.
base::Result<std::map<std::string, std::string>> parse_config(std::string_view text,
                                                              const std::string& path);

std::string server_help();

}  // namespace distkv::bin
