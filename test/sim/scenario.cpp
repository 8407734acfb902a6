#include "sim/scenario.h"

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "sim/scenario_words.h"

namespace distkv::sim {

using base::Code;
using base::Result;
using base::Status;

namespace {

// Where the parser stands, for its complaints.
struct Here {
  size_t line = 0;

  Status wrong(const std::string& what) const {
    return {Code::kInvalidArgument, "line " + std::to_string(line) + ": " + what};
  }
};

struct VerbRow {
  std::string_view name;
  Verb verb;
  std::string_view usage;
};

constexpr std::string_view kCluster = "cluster";
constexpr std::string_view kRepeat = "repeat";
constexpr std::string_view kEnd = "end";
constexpr std::string_view kClusterUsage =
    "cluster [nodes=K] [n=K] [r=K] [w=K] [late=K] [partitions=K] [rounds=on|off] [hint-bytes=K] "
    "[hint-age=TIME] [grace=TIME]";
constexpr std::string_view kRepeatUsage = "repeat K, its statements, end";
constexpr VerbRow kVerbs[] = {
    {"put", Verb::kPut,
     "put CLIENT KEY VALUE [context=own|none|NAME] [ttl=TIME] [at=one|quorum|all] [via=NODE] "
     "[keep=NAME] "
     "[patience=TIME] [attempts=K] [background] [-> OUTCOME]"},
    {"delete", Verb::kDelete,
     "delete CLIENT KEY [context=own|none|NAME] [at=one|quorum|all] [via=NODE] [keep=NAME] "
     "[patience=TIME] [attempts=K] [background] [-> OUTCOME]"},
    {"get", Verb::kGet,
     "get CLIENT KEY [at=one|quorum|all] [via=NODE] [keep=NAME] "
     "[patience=TIME] [attempts=K] [background] [-> OUTCOME], or for OUTCOME: VALUE,VALUE or "
     "absent or "
     "siblings=K"},
    {"finish", Verb::kFinish, "finish CLIENT [-> OUTCOME]"},
    {"cut", Verb::kCut, "cut MACHINE... | MACHINE... or cut MACHINE... > MACHINE..."},
    {"heal", Verb::kHeal, "heal"},
    {"crash", Verb::kCrash, "crash NODE..."},
    {"power-cut", Verb::kPowerCut, "power-cut NODE..."},
    {"start", Verb::kStart, "start NODE..."},
    {"stop", Verb::kStop, "stop NODE..."},
    {"pause", Verb::kPause, "pause NODE..."},
    {"resume", Verb::kResume, "resume NODE..."},
    {"wipe", Verb::kWipe, "wipe NODE..."},
    {"copy", Verb::kCopy, "copy NODE..."},
    {"restore", Verb::kRestore, "restore NODE..."},
    {"clock", Verb::kClock, "clock NODE TIME"},
    {"wait", Verb::kWait, "wait TIME"},
    {"network", Verb::kNetwork, "network [loss=P%] [repeat=P%]"},
    {"settle", Verb::kSettle, "settle"},
    {"equal", Verb::kEqual, "equal [within=TIME]"},
    {"forgotten", Verb::kForgotten, "forgotten KEY [within=TIME]"},
    {"holds", Verb::kHolds, "holds NODE KEY -> VALUE,VALUE or absent"},
};

struct OutcomeRow {
  std::string_view name;
  Code code;
};
constexpr OutcomeRow kOutcomes[] = {
    {"ok", Code::kOk},
    {"unknown", Code::kUnknownOutcome},
    {"rejected", Code::kRejected},
    {"unavailable", Code::kUnavailable},
    {"too-many-siblings", Code::kTooManySiblings},
    {"no-space", Code::kNoSpace},
    {"overloaded", Code::kOverloaded},
};

class Parser {
 public:
  explicit Parser(std::string name) { scenario_.name = std::move(name); }

  Result<Scenario> parse(std::string_view text) {
    for (const std::string& line : split(text, '\n')) {
      ++here_.line;
      const Words words = words_of(line);
      if (words.empty()) continue;
      if (Status status = take(words); !status.is_ok()) return status;
    }
    if (!has_cluster_) return here_.wrong("there is no statement; the first is " + usage());
    if (repeat_from_) return here_.wrong("`repeat` has no `end`");
    if (Status status = check_machines(); !status.is_ok()) return status;
    return std::move(scenario_);
  }

 private:
  static std::string usage() { return "`" + std::string(kClusterUsage) + "`"; }

  Status take(const Words& words) {
    if (words[0] == kCluster) return take_cluster(words);
    if (!has_cluster_) return here_.wrong("before all others stands " + usage());
    if (words[0] == kRepeat) return take_repeat(words);
    if (words[0] == kEnd) return take_end(words);
    const auto row = std::find_if(std::begin(kVerbs), std::end(kVerbs),
                                  [&](const VerbRow& verb) { return verb.name == words[0]; });
    if (row == std::end(kVerbs)) return here_.wrong(unknown_verb(words[0]));
    usage_ = row->usage;
    Statement statement;
    statement.verb = row->verb;
    statement.line = here_.line;
    Status status = take_statement(words, statement);
    if (!status.is_ok()) return status;
    if (scenario_.statements.size() >= kStatementsMax) return here_.wrong("too many statements");
    scenario_.statements.push_back(std::move(statement));
    return status;
  }

  static std::string unknown_verb(const std::string& word) {
    std::string text = "`" + word + "` is no statement; there are cluster, repeat, end";
    for (const VerbRow& row : kVerbs) text.append(", ").append(row.name);
    return text;
  }

  Status misused(const std::string& what) const {
    return here_.wrong(what + "; it is `" + std::string(usage_) + "`");
  }

  Status take_cluster(const Words& words) {
    if (has_cluster_) return here_.wrong("the cluster stands in the first statement alone");
    has_cluster_ = true;
    usage_ = kClusterUsage;
    ClusterPlan& plan = scenario_.cluster;
    plan.nodes = 3;
    for (size_t i = 1; i < words.size(); ++i) {
      if (Status status = take_cluster_option(words[i], plan); !status.is_ok()) return status;
    }
    if (plan.nodes == 0 || plan.nodes > kNodeNumbersMax || plan.latecomers >= plan.nodes) {
      return misused("nodes are 1 to " + std::to_string(kNodeNumbersMax) + ", fewer of them late");
    }
    const auto is_quorum = [&](uint32_t quorum) { return quorum > 0 && quorum <= plan.replicas; };
    if (!is_quorum(plan.read_quorum) || !is_quorum(plan.write_quorum) ||
        plan.replicas > ring::kReplicasMax) {
      return misused("n is at most 7, r and w are 1 to n");
    }
    if (!std::has_single_bit(plan.partitions) || plan.partitions > kPartitionsMax) {
      return misused("partitions are a power of two, at most " + std::to_string(kPartitionsMax));
    }
    return Status::ok();
  }

  Status take_cluster_option(const std::string& word, ClusterPlan& plan) {
    const auto [name, text] = halves(word);
    if (name == "rounds") {
      if (text != "on" && text != "off") return misused("rounds are on or off");
      plan.has_anti_entropy = text == "on";
      return Status::ok();
    }
    if (name == "hint-age") return take_time(text, plan.hints.age_max);
    if (name == "grace") return take_time(text, plan.tombstone_grace);
    const auto number = number_of(text);
    if (!number) return misused("`" + word + "` has no number");
    if (name == "hint-bytes") return plan.hints.bytes_max = *number, Status::ok();
    const std::map<std::string, uint32_t*> places = {
        {"nodes", &plan.nodes},    {"n", &plan.replicas},      {"r", &plan.read_quorum},
        {"w", &plan.write_quorum}, {"late", &plan.latecomers}, {"partitions", &plan.partitions}};
    const auto place = places.find(name);
    if (place == places.end()) return misused("`" + word + "` is no option");
    *place->second = static_cast<uint32_t>(std::min<uint64_t>(*number, UINT32_MAX));
    return Status::ok();
  }

  Status take_repeat(const Words& words) {
    usage_ = kRepeatUsage;
    const auto times = words.size() == 2 ? number_of(words[1]) : std::nullopt;
    if (!times || *times == 0) return misused("how often?");
    if (repeat_from_) return misused("one `repeat` within another");
    repeat_from_ = scenario_.statements.size();
    times_ = *times;
    return Status::ok();
  }

  Status take_end(const Words& words) {
    usage_ = kRepeatUsage;
    if (words.size() != 1 || !repeat_from_) return misused("`end` without `repeat`");
    const std::vector<Statement> body(
        scenario_.statements.begin() + static_cast<ptrdiff_t>(*repeat_from_),
        scenario_.statements.end());
    repeat_from_.reset();
    if (times_ > kStatementsMax / std::max<size_t>(1, body.size())) {
      return misused("more than " + std::to_string(kStatementsMax) + " statements");
    }
    for (uint64_t i = 1; i < times_; ++i) {
      scenario_.statements.insert(scenario_.statements.end(), body.begin(), body.end());
    }
    return Status::ok();
  }

  Status take_statement(const Words& words, Statement& statement) {
    switch (statement.verb) {
      case Verb::kPut:
      case Verb::kDelete:
      case Verb::kGet:
      case Verb::kFinish:
        return take_operation(words, statement);
      case Verb::kCut:
        return take_cut(words, statement);
      case Verb::kHeal:
      case Verb::kSettle:
        return words.size() == 1 ? Status::ok() : misused("nothing follows");
      case Verb::kClock:
        if (words.size() != 3) return misused("a node and a time");
        statement.machines = {words[1]};
        return take_time(words[2], statement.time);
      case Verb::kWait:
        if (words.size() != 2) return misused("a time");
        return take_time(words[1], statement.time);
      case Verb::kNetwork:
        return take_network(words, statement);
      case Verb::kEqual:
        return take_equal(words, statement);
      case Verb::kForgotten:
        if (words.size() < 2) return misused("a key");
        statement.key = words[1];
        return take_equal({words.begin() + 1, words.end()}, statement);
      case Verb::kHolds:
        return take_holds(words, statement);
      default:
        if (words.size() < 2) return misused("which node?");
        statement.machines.assign(words.begin() + 1, words.end());
        return Status::ok();
    }
  }

  Status take_operation(const Words& words, Statement& statement) {
    const bool is_put = statement.verb == Verb::kPut;
    const size_t fixed = statement.verb == Verb::kFinish ? 2 : is_put ? 4 : 3;
    if (words.size() < fixed) return misused("something is missing");
    statement.client = words[1];
    if (node_number(statement.client)) return misused("a client is not called like a node");
    remember(statement.client, scenario_.clients);
    if (fixed > 2) remember(statement.key = words[2], scenario_.keys);
    if (is_put) statement.value = words[3];
    if (is_put && statement.value.find_first_of(",=") != std::string::npos) {
      return misused("a value has no comma and no =");
    }
    statement.habits.patience = std::chrono::seconds(3);
    statement.habits.repeats_unknown = true;
    statement.habits.attempts_max = 0;
    size_t next = fixed;
    for (; next < words.size() && words[next] != "->"; ++next) {
      if (Status status = take_option(words[next], statement); !status.is_ok()) return status;
    }
    uint32_t& attempts = statement.habits.attempts_max;
    if (attempts == 0) attempts = statement.via ? 1 : kAttemptsUsual;
    if (statement.is_background && next < words.size()) {
      return misused("an operation in the background has no outcome yet; `finish` tells it");
    }
    return take_outcome(words, next, statement);
  }

  Status take_option(const std::string& word, Statement& statement) {
    const auto [name, text] = halves(word);
    if (usage_.find(word == "background" ? "[background]" : "[" + name + "=") ==
        std::string_view::npos) {
      return misused("`" + word + "` does not belong here");
    }
    if (word == "background") return statement.is_background = true, Status::ok();
    if (text.empty()) return misused("`" + word + "` has no value");
    if (name == "at") return take_level(text, statement.consistency);
    if (name == "keep") return statement.keep = text, kept_.insert(text), Status::ok();
    if (name == "patience") return take_time(text, statement.habits.patience);
    if (name == "via") return statement.via = node_number(text), take_node(text);
    if (name == "ttl") {
      base::Duration time{};
      Status status = take_time(text, time);
      statement.ttl = std::chrono::duration_cast<std::chrono::milliseconds>(time);
      return status;
    }
    if (name == "attempts") {
      const auto number = number_of(text);
      if (!number || *number == 0 || *number > 10) return misused("attempts are 1 to 10");
      statement.habits.attempts_max = static_cast<uint32_t>(*number);
      return Status::ok();
    }
    statement.context = text;
    if (text == "own" || text == "none" || kept_.contains(text)) return Status::ok();
    return misused("no context was kept as `" + text + "` before");
  }

  Status take_level(const std::string& text, wire::Consistency& level) const {
    const std::map<std::string, wire::Consistency> levels = {{"one", wire::Consistency::kOne},
                                                             {"quorum", wire::Consistency::kQuorum},
                                                             {"all", wire::Consistency::kAll}};
    const auto found = levels.find(text);
    if (found == levels.end()) return misused("`" + text + "` is no level");
    level = found->second;
    return Status::ok();
  }

  // From "->" on.
  Status take_outcome(const Words& words, size_t next, Statement& statement) {
    if (next == words.size()) return Status::ok();
    if (next + 2 != words.size()) return misused("one word follows ->");
    const std::string& word = words[next + 1];
    Expectation& expected = statement.expected;
    if (word == "any" || word == "failed") {
      expected.outcome = word == "any" ? Expectation::Outcome::kAny : Expectation::Outcome::kFailed;
      return Status::ok();
    }
    const auto row = std::find_if(std::begin(kOutcomes), std::end(kOutcomes),
                                  [&](const OutcomeRow& outcome) { return outcome.name == word; });
    if (row != std::end(kOutcomes)) return expected.code = row->code, Status::ok();
    const bool is_read = statement.verb == Verb::kGet || statement.verb == Verb::kFinish;
    if (!is_read && statement.verb != Verb::kHolds) return misused(unknown_outcome(word));
    return take_values(word, expected);
  }

  static std::string unknown_outcome(const std::string& word) {
    std::string text = "`" + word + "` is no outcome; there are any, failed";
    for (const OutcomeRow& row : kOutcomes) text.append(", ").append(row.name);
    return text;
  }

  Status take_values(const std::string& word, Expectation& expected) const {
    const auto [name, text] = halves(word);
    if (name == "siblings") {
      const auto number = number_of(text);
      if (!number) return misused("how many siblings?");
      expected.siblings = static_cast<uint32_t>(*number);
      return Status::ok();
    }
    expected.values.emplace();
    if (word != "absent") *expected.values = split(word, ',');
    std::sort(expected.values->begin(), expected.values->end());
    return Status::ok();
  }

  Status take_cut(const Words& words, Statement& statement) {
    Words* side = &statement.machines;
    for (size_t i = 1; i < words.size(); ++i) {
      if (words[i] != "|" && words[i] != ">") {
        side->push_back(words[i]);
        continue;
      }
      if (side == &statement.others) return misused("a cut has two sides");
      side = &statement.others;
      statement.is_one_way = words[i] == ">";
    }
    if (statement.machines.empty() || statement.others.empty()) {
      return misused("a cut has two sides");
    }
    return Status::ok();
  }

  Status take_network(const Words& words, Statement& statement) {
    for (size_t i = 1; i < words.size(); ++i) {
      const auto [name, text] = halves(words[i]);
      const bool is_percent = text.ends_with('%');
      const auto number = number_of(text.substr(0, text.size() - (is_percent ? 1 : 0)));
      if (!is_percent || !number || *number > 100 || (name != "loss" && name != "repeat")) {
        return misused("`" + words[i] + "` is nothing the network does");
      }
      (name == "loss" ? statement.loss_percent : statement.repeat_percent) =
          static_cast<uint32_t>(*number);
    }
    return Status::ok();
  }

  Status take_equal(const Words& words, Statement& statement) {
    statement.time = std::chrono::seconds(30);
    if (words.size() == 1) return Status::ok();
    const auto [name, text] = halves(words[1]);
    if (words.size() != 2 || name != "within") return misused("within which time?");
    return take_time(text, statement.time);
  }

  Status take_holds(const Words& words, Statement& statement) {
    if (words.size() != 5 || words[3] != "->") return misused("something is missing");
    statement.machines = {words[1]};
    remember(statement.key = words[2], scenario_.keys);
    Status status = take_outcome(words, 3, statement);
    if (status.is_ok() && !statement.expected.values) return misused("which values?");
    return status;
  }

  Status take_time(const std::string& text, base::Duration& time) const {
    const auto found = time_of(text);
    if (!found) return misused("`" + text + "` is no time such as 500ms, 5s, 2m, 3h, -1d");
    time = *found;
    return Status::ok();
  }

  Status take_node(const std::string& name) const {
    const auto number = node_number(name);
    if (number && *number < scenario_.cluster.nodes) return Status::ok();
    return misused("`" + name + "` is no node; there are n0 to n" +
                   std::to_string(scenario_.cluster.nodes - 1));
  }

  // Once all clients are known.
  Status check_machines() {
    for (const Statement& statement : scenario_.statements) {
      here_.line = statement.line;
      usage_ = std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const VerbRow& row) {
                 return row.verb == statement.verb;
               })->usage;
      for (const Words* side : {&statement.machines, &statement.others}) {
        for (const std::string& name : *side) {
          const bool is_client = statement.verb == Verb::kCut && !node_number(name);
          if (!is_client) {
            if (Status status = take_node(name); !status.is_ok()) return status;
          } else if (std::count(scenario_.clients.begin(), scenario_.clients.end(), name) == 0) {
            return misused("nobody is called `" + name + "`");
          }
        }
      }
    }
    return Status::ok();
  }

  // "at=one" as "at" and "one".
  static std::pair<std::string, std::string> halves(const std::string& word) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return {word, ""};
    return {word.substr(0, equals), word.substr(equals + 1)};
  }

  static void remember(const std::string& name, std::vector<std::string>& names) {
    if (std::count(names.begin(), names.end(), name) == 0) names.push_back(name);
  }

  static constexpr uint32_t kNodeNumbersMax = 20;
  static constexpr uint32_t kAttemptsUsual = 4;
  static constexpr uint32_t kPartitionsMax = 1024;

  Scenario scenario_;
  Here here_;
  std::string_view usage_;
  bool has_cluster_ = false;
  std::optional<size_t> repeat_from_;
  uint64_t times_ = 0;
  std::set<std::string> kept_;
};

}  // namespace

std::optional<uint32_t> node_number(std::string_view machine) {
  if (!machine.starts_with('n')) return std::nullopt;
  const auto number = number_of(machine.substr(1));
  if (!number || *number > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

Result<Scenario> load_scenario(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file.is_open() || file.bad()) return Status(Code::kIo, path + ": cannot be read");
  auto scenario = parse_scenario(path, text.str());
  if (scenario.is_ok()) return scenario;
  return Status(scenario.code(), path + ": " + scenario.status().message());
}

Result<std::vector<std::shared_ptr<const Scenario>>> load_scenarios(const std::string& path) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().extension() == ".scenario") files.push_back(entry.path().string());
  }
  if (error) files = {path};
  std::sort(files.begin(), files.end());
  std::vector<std::shared_ptr<const Scenario>> scenarios;
  for (const std::string& file : files) {
    auto scenario = load_scenario(file);
    if (!scenario.is_ok()) return scenario.status();
    scenarios.push_back(std::make_shared<const Scenario>(std::move(*scenario)));
  }
  if (scenarios.empty()) return Status(Code::kIo, path + ": holds no *.scenario");
  return scenarios;
}

Result<Scenario> parse_scenario(std::string name, std::string_view text) {
  return Parser(std::move(name)).parse(text);
}

}  // namespace distkv::sim
