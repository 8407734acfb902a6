// check: does the cluster keep its promises while it is used, and perhaps broken, right now?
#include <fstream>
#include <ostream>

#include "bin/check/report.h"
#include "bin/check/run.h"
#include "bin/cli/commands.h"

namespace distkv::bin::cli {

namespace {

// A check that nobody answers says nothing, and must not look like one that found nothing wrong.
int tell_nothing(Console& console, const std::string& why) {
  complain(console, why + "; nothing can be said of the cluster");
  return kExitUnknown;
}

bool write_history(const std::string& path, const history::History& history) {
  std::ofstream file(path);
  check::write_history(file, history);
  return static_cast<bool>(file.flush());
}

}  // namespace

int check(Call& call) {
  Console& console = call.console;
  check::Options options = call.invocation.check;
  options.client = call.invocation.client;
  options.consistency = call.invocation.consistency;
  const ClusterStatus status = call.client.status();
  if (!status.error.is_ok()) return tell_nothing(console, status.error.message);

  const check::Report report = check::run(options, [&console](const std::string& line) {
    console.err << "check: " << line << std::endl;
  });
  console.out << (call.is_json() ? check::as_json(options, report) + "\n"
                                 : check::as_text(options, report));
  if (!options.history.empty() && !write_history(options.history, report.history)) {
    return complain(console, "cannot write the history to " + options.history);
  }
  if (!report.is_well()) return kExitError;
  return report.says_anything() ? kExitOk
                                : tell_nothing(console, "too few operations were answered");
}

}  // namespace distkv::bin::cli
