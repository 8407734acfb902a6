// Makes a failing run small: leaves out whatever the failure does not need, until nothing more can
// go and the same property still breaks. Zeller and Hildebrandt, "Simplifying and Isolating
// Failure-Inducing Input" (2002).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "sim/report.h"
#include "sim/simulation.h"

namespace distkv::sim {

// More runs than any seed needed; with those a smaller plan is still a plan that fails.
inline constexpr uint64_t kMinimiserRunsMax = 3000;

// A run that may end its program: in a child.
using Simulate = std::function<RunReport(const Options&)>;

struct Minimised {
  Options options;
  RunReport report;  // Of them, with the steps that are left.
  uint64_t runs = 0;
};

// Nullopt: the run does not fail. Tries, in this order and again while anything goes: less time, a
// calm network, kinds of faults, clients, single faults, single operations, fewer nodes.
std::optional<Minimised> minimise(const Options& options, const Simulate& simulate);

// What is left, a line each, and how to run it again.
std::string describe(const Minimised& minimised);

}  // namespace distkv::sim
