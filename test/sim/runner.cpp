#include "sim/runner.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace distkv::sim {

namespace {

RunReport run_once(const Campaign& campaign, uint64_t seed) {
  Options options = campaign.options;
  options.seed = seed;
  RunReport report = simulate(options);
  if (!campaign.is_compared) return report;
  const RunReport again = simulate(options);
  if (again.hash != report.hash) {
    report.violations.push_back({"replay", "two runs differ: trace " + report.hash.to_hex() +
                                               " and " + again.hash.to_hex()});
  }
  return report;
}

void print_failure(const Campaign& campaign, const RunReport& report) {
  constexpr size_t kPrintedMax = 8;  // Later ones usually follow from the first.
  for (size_t i = 0; i < report.violations.size() && i < kPrintedMax; ++i) {
    const Violation& violation = report.violations[i];
    std::printf("FAILED %s: %s\n", violation.property.c_str(), violation.details.c_str());
  }
  const Options& options = campaign.options;
  const Replay replay{
      report.seed,      options.nodes,
      options.seconds,  name_of(options.engine),
      options.is_swarm, options.scenario ? std::string_view(options.scenario->name) : ""};
  std::printf("replay: %s\n", replay_line(replay).c_str());
  std::fflush(stdout);
}

// One forked run.
struct Child {
  uint64_t seed = 0;
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
    const bool is_sent = write_all(ends[1], encode_report(run_once(campaign, child.seed)));
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
  report.seed = child.seed;
  return report;
}

class Crew {
 public:
  explicit Crew(const Campaign& campaign) : campaign_(campaign) {}

  bool run(Summary& summary) {
    while (true) {
      while (!is_stopping_ && started_ < campaign_.runs && running() < campaign_.jobs) {
        children_.emplace_back();
        children_.back().seed = campaign_.options.seed + started_++;
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
      const RunReport report = report_of(children_.front());
      children_.pop_front();
      summary.add(report);
      if (report.violations.empty()) continue;
      print_failure(campaign_, report);
      is_stopping_ = is_stopping_ || !campaign_.keeps_going;
    }
  }

  const Campaign& campaign_;
  uint64_t started_ = 0;
  bool is_stopping_ = false;
  std::deque<Child> children_;
};

}  // namespace

int run_campaign(const Campaign& campaign) {
  const auto start = std::chrono::steady_clock::now();
  Summary summary;
  if (campaign.runs == 1) {
    // In this very program, so that a debugger and a trace see it.
    const RunReport report = run_once(campaign, campaign.options.seed);
    summary.add(report);
    if (!report.violations.empty()) print_failure(campaign, report);
  } else if (!Crew(campaign).run(summary)) {
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

}  // namespace distkv::sim
