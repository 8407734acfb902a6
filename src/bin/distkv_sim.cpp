// distkv-sim: whole clusters in one program under seeded faults. The work is in test/sim.
#include <cstdio>
#include <cxxopts.hpp>
#include <sstream>

#include "sim/runner.h"
#include "sim/scenario.h"

namespace {

using distkv::sim::Campaign;

cxxopts::Options make_options() {
  cxxopts::Options options("distkv-sim", "Simulates clusters of distkv under seeded faults.");
  options.add_options()("seed", "First seed", cxxopts::value<uint64_t>()->default_value("1"))(
      "runs", "Seeds in a row", cxxopts::value<uint64_t>()->default_value("1"))(
      "jobs", "Runs at a time", cxxopts::value<uint32_t>()->default_value("1"))(
      "nodes", "Nodes in the cluster (default: 5, or drawn by the swarm)",
      cxxopts::value<uint32_t>())("swarm", "Each seed draws every option of its cluster")(
      "seconds", "Simulated seconds of faults", cxxopts::value<uint32_t>()->default_value("30"))(
      "scenario", "Play this file, or each in this folder", cxxopts::value<std::string>())(
      "minimise", "Make the failing run of this seed as small as it goes",
      cxxopts::value<uint64_t>())("only-faults", "Of the drawn faults, such as crash#3,cut#1",
                                  cxxopts::value<std::string>())(
      "only-operations", "Of the drawn operations, such as 0#5,2#17",
      cxxopts::value<std::string>())("calm", "Neither loss nor repetition in the network")(
      "strike", "With one failure, such as crash:n1:17", cxxopts::value<std::string>())(
      "strikes", "With a failure at one in so many of all places, each in a run of its own",
      cxxopts::value<uint64_t>())("engine", "Storage engine of the nodes: lsm or map (quicker)",
                                  cxxopts::value<std::string>()->default_value("lsm"))(
      "trace", "Print each event (one run only)")("until", "End at this simulated second",
                                                  cxxopts::value<uint32_t>())(
      "compare", "Run each seed twice and compare the hashes")("keep-going",
                                                               "Go on after a seed that fails")(
      "require-sometimes", "Fail if a rare situation of the list was reached by no seed")(
      "help", "Print this text");
  return options;
}

// The names between commas; nullopt without the option.
std::optional<std::set<std::string>> names_of(const cxxopts::ParseResult& parsed,
                                              const std::string& option) {
  if (parsed.count(option) == 0) return std::nullopt;
  std::set<std::string> names;
  std::istringstream list(parsed[option].as<std::string>());
  for (std::string name; std::getline(list, name, ',');) names.insert(name);
  return names;
}

Campaign campaign_of(const cxxopts::ParseResult& parsed) {
  Campaign campaign;
  campaign.options.seed = parsed["seed"].as<uint64_t>();
  campaign.options.is_swarm = parsed.count("swarm") > 0;
  if (campaign.options.is_swarm) campaign.options.nodes = 0;
  if (parsed.count("nodes") > 0) campaign.options.nodes = parsed["nodes"].as<uint32_t>();
  campaign.options.seconds = parsed["seconds"].as<uint32_t>();
  if (parsed["engine"].as<std::string>() == "map") {
    campaign.options.engine = distkv::sim::EngineKind::kMap;
  }
  campaign.options.is_traced = parsed.count("trace") > 0;
  if (parsed.count("until") > 0) campaign.options.until = parsed["until"].as<uint32_t>();
  if (parsed.count("strike") > 0) {
    campaign.options.strike = distkv::sim::parse_strike(parsed["strike"].as<std::string>());
  }
  if (parsed.count("strikes") > 0) campaign.stride = parsed["strikes"].as<uint64_t>();
  distkv::sim::Selection& selection = campaign.options.selection;
  selection.is_calm = parsed.count("calm") > 0;
  selection.faults = names_of(parsed, "only-faults");
  selection.operations = names_of(parsed, "only-operations");
  if (parsed.count("minimise") > 0) campaign.options.seed = parsed["minimise"].as<uint64_t>();
  campaign.runs = parsed["runs"].as<uint64_t>();
  campaign.jobs = parsed["jobs"].as<uint32_t>();
  campaign.is_compared = parsed.count("compare") > 0;
  campaign.keeps_going = parsed.count("keep-going") > 0;
  campaign.requires_points = parsed.count("require-sometimes") > 0;
  return campaign;
}

// What is wrong with the numbers; null if nothing.
const char* complaint(const cxxopts::ParseResult& parsed, const Campaign& campaign) {
  const uint32_t nodes = campaign.options.nodes;
  if (parsed.count("nodes") > 0 && (nodes == 0 || nodes > distkv::sim::kNodesMax)) {
    return "--nodes must be from 1 to 100";
  }
  if (parsed.count("strike") + parsed.count("strikes") > 0 && parsed.count("scenario") == 0) {
    return "--strike and --strikes want a --scenario";
  }
  if (parsed.count("minimise") > 0 && parsed.count("scenario") > 0) {
    return "--minimise takes a drawn run apart, and no --scenario";
  }
  if (parsed.count("strike") > 0 && !campaign.options.strike) {
    return "--strike is KIND:NODE:NTH, such as crash:n1:17; a KIND is disk, refuse, break, crash "
           "or "
           "power-cut";
  }
  if (campaign.runs == 0 || campaign.jobs == 0) return "--runs and --jobs must be at least 1";
  if (campaign.options.is_traced && campaign.runs > 1) return "--trace wants a single run";
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kUsageError = 2;
  cxxopts::Options options = make_options();
  try {
    const cxxopts::ParseResult parsed = options.parse(argc, argv);
    if (parsed.count("help") > 0) {
      std::printf("%s\n", options.help().c_str());
      return 0;
    }
    const std::string& engine = parsed["engine"].as<std::string>();
    Campaign campaign = campaign_of(parsed);
    if (parsed.count("scenario") > 0) {
      auto scenarios = distkv::sim::load_scenarios(parsed["scenario"].as<std::string>());
      if (!scenarios.is_ok()) {
        std::fprintf(stderr, "distkv-sim: %s\n", scenarios.status().message().c_str());
        return kUsageError;
      }
      campaign.scenarios = std::move(*scenarios);
    }
    const char* wrong = complaint(parsed, campaign);
    if (engine != "lsm" && engine != "map") wrong = "--engine must be lsm or map";
    if (wrong != nullptr) {
      std::fprintf(stderr, "distkv-sim: %s\n", wrong);
      return kUsageError;
    }
    if (parsed.count("minimise") > 0) return distkv::sim::run_minimiser(campaign.options);
    return distkv::sim::run_campaign(campaign);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "distkv-sim: %s; see --help\n", failure.what());
    return kUsageError;
  }
}
