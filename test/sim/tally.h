// Counts of a run by name: operations by outcome, faults by kind, log events of the nodes, and what
// the simulator saw itself. Ordered, so that every printing of one run is the same text.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace distkv::sim {

struct Tally {
  std::map<std::string, uint64_t> operations;
  std::map<std::string, uint64_t> faults;
  std::map<std::string, uint64_t, std::less<>> events;  // Lines of all levels, by event.
  std::map<std::string, uint64_t> sights;

  void add(const Tally& other) {
    for (const auto& [name, count] : other.operations) operations[name] += count;
    for (const auto& [name, count] : other.faults) faults[name] += count;
    for (const auto& [name, count] : other.events) events[name] += count;
    for (const auto& [name, count] : other.sights) sights[name] += count;
  }
};

}  // namespace distkv::sim
