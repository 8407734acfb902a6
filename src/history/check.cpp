#include "history/check.h"

#include <map>
#include <numeric>
#include <utility>

#include "history/key_check.h"

namespace distkv::history {

namespace {
struct FaultName {
  std::string_view name;
  std::string_view property;
};
constexpr std::array<FaultName, kFaults> kNames = {{{"lost", "P1"},
                                                    {"stale", "P6"},
                                                    {"non-monotonic", "P7"},
                                                    {"session", "P8"},
                                                    {"resurrected", "P2"},
                                                    {"aborted", "P9"},
                                                    {"unwritten", "P0"}}};
}  // namespace

std::string_view name_of(Fault fault) { return kNames[static_cast<size_t>(fault)].name; }
std::string_view property_of(Fault fault) { return kNames[static_cast<size_t>(fault)].property; }

uint64_t Verdict::total() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

Verdict check(const History& history, const Promises& promises) {
  std::map<std::string_view, std::vector<size_t>> keys;
  Writers writers;
  for (size_t place = 0; place < history.size(); ++place) {
    const Operation& operation = history[place];
    keys[operation.key].push_back(place);
    if (operation.kind == Kind::kPut) writers.emplace(operation.value, place);
  }
  Verdict verdict;
  for (const auto& [key, places] : keys) check_key(history, places, writers, promises, verdict);
  return verdict;
}

std::string describe(const Violation& violation, const History& history) {
  const base::MonotonicTime origin = history.front().invoked_at;
  const char* separator = " ";
  std::string text = std::string(name_of(violation.fault)) + ": " + violation.what + ":";
  for (const size_t place : violation.operations) {
    text.append(std::exchange(separator, "; ")).append(describe(history[place], origin));
  }
  return text;
}

}  // namespace distkv::history
