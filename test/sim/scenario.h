// A whole-cluster script as text, one statement a line, so that a disaster can be told, kept and
// run again. scenarios/README.md has the language.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/cluster.h"
#include "sim/sim_client.h"

namespace distkv::sim {

enum class Verb : uint8_t {
  kPut,
  kDelete,
  kGet,
  kFinish,
  kCut,
  kHeal,
  kCrash,
  kPowerCut,
  kStart,
  kStop,
  kPause,
  kResume,
  kWipe,
  kCopy,
  kRestore,
  kClock,
  kWait,
  kNetwork,
  kSettle,
  kEqual,
  kForgotten,
  kHolds,
};

// What must have come of an operation.
struct Expectation {
  enum class Outcome : uint8_t { kAny, kFailed, kExactly };

  Outcome outcome = Outcome::kExactly;
  base::Code code = base::Code::kOk;               // For kExactly.
  std::optional<std::vector<std::string>> values;  // Ascending; none: absent.
  std::optional<uint32_t> siblings;
};

struct Statement {
  Verb verb = Verb::kWait;
  size_t line = 0;  // From 1.

  // ---- Of an operation.
  std::string client;
  std::string key;  // Of `holds` too.
  std::string value;
  wire::Consistency consistency = wire::Consistency::kQuorum;
  std::optional<uint32_t> via;
  std::string context = "own";  // "own": the session's; "none"; else one that was kept.
  std::string keep;             // The name for the context of the answer; empty: none.
  std::chrono::milliseconds ttl{0};
  ClientHabits habits;
  bool is_background = false;
  Expectation expected;  // Of `holds` too.

  // ---- Of the rest.
  std::vector<std::string> machines;  // Nodes by "n0", clients by their names.
  std::vector<std::string> others;    // The other side of a cut.
  bool is_one_way = false;
  base::Duration time{};
  uint32_t loss_percent = 0;
  uint32_t repeat_percent = 0;
};

struct Scenario {
  std::string name;
  ClusterPlan cluster;
  std::vector<Statement> statements;  // With each `repeat` written out.
  std::vector<std::string> clients;   // In the order in which they appear.
  std::vector<std::string> keys;
};

inline constexpr size_t kStatementsMax = 20000;  // Written out; a run of that many takes a minute.

// kInvalidArgument naming the line, what is wrong with it and what is allowed there.
base::Result<Scenario> parse_scenario(std::string name, std::string_view text);

// Of this path, which becomes its name; kIo if it cannot be read.
base::Result<Scenario> load_scenario(const std::string& path);

// The same, or of a folder all *.scenario in it by name.
base::Result<std::vector<std::shared_ptr<const Scenario>>> load_scenarios(const std::string& path);

// The number in "n3"; nullopt if the name is a client's.
std::optional<uint32_t> node_number(std::string_view machine);

}  // namespace distkv::sim
