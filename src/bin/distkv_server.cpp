// distkv-server: one node. Exit 0 after an orderly stop, 1 when it could not serve, 2 for a wrong
// command line.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bin/server_flags.h"
#include "bin/version.h"
#include "server/server.h"

namespace {

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

int complain(const std::string& message, int exit_code) {
  std::fprintf(stderr, "distkv-server: %s\n", message.c_str());
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto line = distkv::bin::parse_server(arguments, environment_variable);
  if (!line.is_ok()) return complain(line.status().message(), 2);
  if (line->wants_help) return std::fputs(distkv::bin::server_help().c_str(), stdout) < 0 ? 1 : 0;
  if (line->wants_version)
    return std::printf("distkv-server %s\n", distkv::bin::version()) < 0 ? 1 : 0;
  const distkv::base::Status ended = distkv::server::run(line->options);
  return ended.is_ok() ? 0 : complain(ended.message(), 1);
}
