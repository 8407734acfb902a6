// distkv-client: one command against a cluster. Exit codes are in cli/call.h.
#include <iostream>
#include <string>
#include <vector>

#include "bin/cli/run.h"
#include "bin/version.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  distkv::bin::cli::Console console{std::cin, std::cout, std::cerr};
  return distkv::bin::cli::run(arguments, distkv::bin::version(), console);
}
