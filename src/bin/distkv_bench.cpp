// distkv-bench: load on a cluster, and what came of it. Exit 0 after a run in which something was
// served, 1 when nothing was, 2 for a wrong command line.
#include <cstdio>
#include <string>
#include <vector>

#include "bin/bench/load.h"
#include "bin/bench/options.h"
#include "bin/bench/report.h"
#include "bin/version.h"

namespace {

namespace bench = distkv::bin::bench;

int complain(const std::string& message, int exit_code) {
  std::fprintf(stderr, "distkv-bench: %s\n", message.c_str());
  return exit_code;
}

int print(const std::string& text) { return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0; }

int report(const bench::Options& options, const bench::Findings& findings) {
  if (findings.keys_not_loaded > 0) {
    complain(std::to_string(findings.keys_not_loaded) + " keys could not be loaded", 0);
  }
  if (!findings.first_error.empty()) complain("first error: " + findings.first_error, 0);
  const auto text = options.is_json ? bench::as_json : bench::as_text;
  if (print(text(options, findings)) != 0) return 1;
  const bool has_served = findings.reads.served() + findings.writes.served() > 0;
  return has_served ? 0 : complain("no operation was served", 1);
}

}  // namespace

int main(int argc, char** argv) {
  const auto line = bench::parse(std::vector<std::string>(argv + 1, argv + argc));
  if (!line.is_ok()) return complain(line.status().message(), 2);
  if (line->wants_help) return print(bench::help());
  if (line->wants_version)
    return print(std::string("distkv-bench ") + distkv::bin::version() + "\n");
  const auto findings = bench::Load(line->options).run();
  if (!findings.is_ok()) return complain(findings.status().message(), 1);
  return report(line->options, *findings);
}
