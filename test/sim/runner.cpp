#include "sim/runner.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "sim/minimiser.h"
#include "sim/scenario.h"

namespace distkv::sim {

namespace {

RunReport run_once(const Campaign& campaign, const Options& options) {
  RunReport report = simulate(options);
  if (!campaign.is_compared) return report;
  const RunReport again = simulate(options);
  if (again.hash != report.hash) {
    report.violations.push_back({"replay", "two runs differ: trace " + report.hash.to_hex() +
                                               " and " + again.hash.to_hex()});
  }
  return report;
}

void print_replay(const Options& options) {
  const Replay replay{options.seed,
                      options.nodes,
                      options.seconds,
                      name_of(options.engine),
                      options.is_swarm,
                      options.scenario ? std::string_view(options.scenario->name) : "",
                      options.strike ? to_string(*options.strike) : "",
                      options.selection};
  std::printf("replay: %s\n", replay_line(replay).c_str());
  std::fflush(stdout);
}

void print_failure(const Options& options, const RunReport& report) {
  constexpr size_t kPrintedMax = 8;  // Later ones usually follow from the first.
  for (size_t i = 0; i < report.violations.size() && i < kPrintedMax; ++i) {
    const Violation& violation = report.violations[i];
    std::printf("FAILED %s: %s\n", violation.property.c_str(), violation.details.c_str());
  }
  print_replay(options);
}

// One forked run.
struct Child {
  Options options;
  pid_t id = -1;
  int pipe = -1;
  std::string received;
  bool is_done = false;
};

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

bool start_child(const Campaign& campaign, Child& child) {
  int ends[2];
  if (::pipe(ends) != 0) return false;
  std::fflush(stdout);
  child.id = ::fork();
  if (child.id < 0) return false;
  if (child.id == 0) {
    ::close(ends[0]);
    const bool is_sent = write_all(ends[1], encode_report(run_once(campaign, child.options)));
    ::_exit(is_sent ? 0 : 1);
  }
  ::close(ends[1]);
  child.pipe = ends[0];
  return true;
}

// Reads what there is; at the end of it the child is done.
void read_some(Child& child) {
  char buffer[16384];
  const ssize_t size = ::read(child.pipe, buffer, sizeof buffer);
  if (size < 0 && errno == EINTR) return;
  if (size > 0) {
    child.received.append(buffer, static_cast<size_t>(size));
    return;
  }
  ::close(child.pipe);
  ::waitpid(child.id, nullptr, 0);
  child.is_done = true;
}

RunReport report_of(const Child& child) {
  RunReport report;
  if (!decode_report(child.received, report)) {
    report = RunReport{};
    report.violations.push_back({"invariant", "the run stopped itself; see above"});
  }
  report.seed = child.options.seed;
  return report;
}

class Crew {
 public:
  Crew(const Campaign& campaign, const std::vector<Options>& runs)
      : campaign_(campaign), runs_(runs) {}

  bool run(Summary& summary) {
    while (true) {
      while (!is_stopping_ && started_ < runs_.size() && running() < campaign_.jobs) {
        children_.emplace_back();
        children_.back().options = runs_[started_++];
        if (!start_child(campaign_, children_.back())) return false;
      }
      if (children_.empty()) return true;
      wait();
      take_finished(summary);
    }
  }

 private:
  uint32_t running() const {
    uint32_t running = 0;
    for (const Child& child : children_) running += child.is_done ? 0 : 1;
    return running;
  }

  void wait() {
    std::vector<pollfd> files;
    std::vector<Child*> owners;
    for (Child& child : children_) {
      if (child.is_done) continue;
      files.push_back({child.pipe, POLLIN, 0});
      owners.push_back(&child);
    }
    if (::poll(files.data(), files.size(), -1) < 0) return;
    for (size_t i = 0; i < files.size(); ++i) {
      if (files[i].revents != 0) read_some(*owners[i]);
    }
  }

  // In the order of the seeds, whichever finished first.
  void take_finished(Summary& summary) {
    while (!children_.empty() && children_.front().is_done) {
      const Child child = std::move(children_.front());
      children_.pop_front();
      const RunReport report = report_of(child);
      summary.add(report);
      if (report.violations.empty()) continue;
      print_failure(child.options, report);
      is_stopping_ = is_stopping_ || !campaign_.keeps_going;
    }
  }

  const Campaign& campaign_;
  const std::vector<Options>& runs_;
  size_t started_ = 0;
  bool is_stopping_ = false;
  std::deque<Child> children_;
};

// Seeds in a row, each through every scenario if there are any.
std::vector<Options> options_of(const Campaign& campaign) {
  std::vector<Options> runs;
  for (uint64_t i = 0; i < campaign.runs; ++i) {
    Options options = campaign.options;
    options.seed += i;
    if (campaign.scenarios.empty()) runs.push_back(options);
    for (const auto& scenario : campaign.scenarios) {
      options.scenario = scenario;
      runs.push_back(options);
    }
  }
  return runs;
}

// Every place of each run, or each so-many-th. A run without any strike tells how many there are.
std::vector<Options> strikes_of(const Campaign& campaign, const std::vector<Options>& runs) {
  std::vector<Options> struck;
  std::map<StrikeKind, uint64_t> places;
  uint64_t turn = campaign.options.seed;
  for (const Options& run : runs) {
    for (const auto& [place, count] : simulate(run).places) {
      places[place.first] += count;
      for (uint64_t nth = 1; nth <= count; ++nth) {
        if (turn++ % campaign.stride != 0) continue;
        struck.push_back(run);
        struck.back().strike = Strike{place.first, place.second, nth};
      }
    }
  }
  std::printf("places to strike:");
  for (const auto& [kind, count] : places) {
    std::printf(" %s %llu", std::string(name_of(kind)).c_str(),
                static_cast<unsigned long long>(count));
  }
  std::printf("; struck now: %zu\n", struck.size());
  return struck;
}

}  // namespace

int run_campaign(const Campaign& campaign) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<Options> runs = options_of(campaign);
  if (campaign.stride > 0) runs = strikes_of(campaign, runs);
  Summary summary;
  if (runs.size() == 1) {
    // In this very program, so that a debugger and a trace see it.
    const RunReport report = run_once(campaign, runs.front());
    summary.add(report);
    if (!report.violations.empty()) print_failure(runs.front(), report);
  } else if (!Crew(campaign, runs).run(summary)) {
    std::fprintf(stderr, "distkv-sim: cannot start another run: %d\n", errno);
    return 2;
  }
  const auto real = std::chrono::steady_clock::now() - start;
  std::printf("%s", summary.to_string(real).c_str());
  if (summary.failures() > 0) return 1;
  const std::string unreached = campaign.requires_points ? summary.unreached() : "";
  if (unreached.empty()) return 0;
  std::printf("never reached by these runs, so nothing was tested there:\n%s", unreached.c_str());
  return 1;
}

int run_minimiser(const Options& options) {
  bool has_children = true;
  const Simulate in_child = [&has_children](const Options& tried) {
    Child child;
    child.options = tried;
    has_children = has_children && start_child({}, child);
    while (has_children && !child.is_done) read_some(child);
    return has_children ? report_of(child) : RunReport{};
  };
  const auto minimised = minimise(options, in_child);
  if (!has_children) {
    std::fprintf(stderr, "distkv-sim: cannot start another run: %d\n", errno);
    return 2;
  }
  if (!minimised) {
    std::printf("seed %llu passes: there is nothing to make small\n",
                static_cast<unsigned long long>(options.seed));
    return 1;
  }
  std::printf("%s", describe(*minimised).c_str());
  print_replay(minimised->options);
  return 0;
}

}  // namespace distkv::sim
