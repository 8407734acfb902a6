#include "sim/minimiser.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

namespace distkv::sim {

namespace {

using Names = std::vector<std::string>;
using Selected = std::optional<std::set<std::string>>;

Names names_of(const std::vector<Step>& steps) {
  Names names;
  for (const Step& step : steps) names.push_back(step.name);
  return names;
}

// "crash" of "crash#3", "2" of "2#17".
std::string group_of(const std::string& name) { return name.substr(0, name.find('#')); }

class Minimiser {
 public:
  explicit Minimiser(const Simulate& simulate) : simulate_(simulate) {}

  std::optional<Minimised> run(const Options& options) {
    best_.options = options;
    best_.options.keeps_steps = true;
    best_.report = simulate_(best_.options);
    best_.runs = 1;
    if (best_.report.violations.empty()) return std::nullopt;
    property_ = best_.report.violations.front().property;
    do {
      has_shrunk_ = false;
      shorten();
      calm();
      drop_groups(&Selection::faults, &StepList::faults);
      drop_groups(&Selection::operations, &StepList::operations);
      drop_steps(&Selection::faults, &StepList::faults);
      drop_steps(&Selection::operations, &StepList::operations);
      drop_nodes();
    } while (has_shrunk_ && best_.runs < kMinimiserRunsMax);
    return best_;
  }

 private:
  // Takes the smaller run if it fails the same way.
  bool fails(const Options& options) {
    if (best_.runs >= kMinimiserRunsMax) return false;
    ++best_.runs;
    RunReport report = simulate_(options);
    if (report.violations.empty() || report.violations.front().property != property_) return false;
    best_.options = options;
    best_.report = std::move(report);
    return has_shrunk_ = true;
  }

  void shorten() {
    for (uint32_t step = best_.options.seconds / 2; step > 0; step /= 2) {
      while (best_.options.seconds > step) {
        Options shorter = best_.options;
        shorter.seconds -= step;
        if (!fails(shorter)) break;
      }
    }
  }

  void calm() {
    if (best_.options.selection.is_calm) return;
    Options calmer = best_.options;
    calmer.selection.is_calm = true;
    fails(calmer);
  }

  bool fails_with(Selected Selection::*part, const Names& names) {
    Options fewer = best_.options;
    fewer.selection.*part = std::set<std::string>(names.begin(), names.end());
    return fails(fewer);
  }

  // All of one kind, or all of one client.
  void drop_groups(Selected Selection::*part, std::vector<Step> StepList::*list) {
    std::set<std::string> groups;
    for (const Step& step : best_.report.steps.*list) groups.insert(group_of(step.name));
    for (const std::string& group : groups) {
      Names rest = names_of(best_.report.steps.*list);
      std::erase_if(rest, [&](const std::string& name) { return group_of(name) == group; });
      fails_with(part, rest);
    }
  }

  // Ever smaller runs of neighbours, to the single one. What a step's absence brings to pass
  // later is listed anew by each failing run.
  void drop_steps(Selected Selection::*part, std::vector<Step> StepList::*list) {
    size_t chunk = std::max<size_t>(1, (best_.report.steps.*list).size() / 2);
    for (; chunk > 0; chunk /= 2) {
      for (size_t begin = 0; begin < (best_.report.steps.*list).size();) {
        Names rest = names_of(best_.report.steps.*list);
        const size_t end = std::min(rest.size(), begin + chunk);
        rest.erase(rest.begin() + static_cast<ptrdiff_t>(begin),
                   rest.begin() + static_cast<ptrdiff_t>(end));
        if (!fails_with(part, rest)) begin = end;
      }
    }
  }

  void drop_nodes() {
    while (best_.report.nodes > 1) {
      Options fewer = best_.options;
      fewer.nodes = best_.report.nodes - 1;
      if (!fails(fewer)) return;
    }
  }

  const Simulate& simulate_;
  Minimised best_;
  std::string property_;
  bool has_shrunk_ = false;
};

void append_steps(const std::vector<Step>& steps, std::string& text) {
  for (const Step& step : steps) {
    char time[32];
    std::snprintf(time, sizeof time, "  %10.6f s  ",
                  static_cast<double>(step.at.time_since_epoch().count()) / 1e9);
    text.append(time).append(step.what).append(" ").append(step.name).append("\n");
  }
}

}  // namespace

std::optional<Minimised> minimise(const Options& options, const Simulate& simulate) {
  return Minimiser(simulate).run(options);
}

std::string describe(const Minimised& minimised) {
  const Violation& violation = minimised.report.violations.front();
  std::string text = "smallest plan after " + std::to_string(minimised.runs) +
                     " runs: " + std::to_string(minimised.report.nodes) + " nodes, " +
                     std::to_string(minimised.report.steps.faults.size()) + " faults, " +
                     std::to_string(minimised.report.steps.operations.size()) + " operations\n";
  append_steps(minimised.report.steps.faults, text);
  append_steps(minimised.report.steps.operations, text);
  return text + "FAILED " + violation.property + ": " + violation.details + "\n";
}

}  // namespace distkv::sim
