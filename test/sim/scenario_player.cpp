#include "sim/scenario_player.h"

#include <algorithm>
#include <utility>

#include "causality/record.h"
#include "ring/token.h"

namespace distkv::sim {

namespace {
using std::chrono::seconds;

// Longer than any client waits: an operation always ends.
constexpr base::Duration kOperationMax = std::chrono::minutes(10);
constexpr base::Duration kStopMax = seconds(30);
constexpr base::Duration kSettleMax = seconds(90);

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ",").append(name);
  return text.empty() ? "absent" : text;
}
}  // namespace

ScenarioPlayer::ScenarioPlayer(const Theatre& theatre, const Scenario& scenario, bool judges,
                               base::Rng rng)
    : theatre_(theatre), scenario_(scenario), judges_(judges) {
  uint32_t number = 0;
  for (const std::string& name : scenario.clients) {
    actors_[name].client =
        std::make_unique<SimClient>(theatre_.clients, number++, ClientHabits{}, rng.fork());
  }
}

bool ScenarioPlayer::play() {
  for (const Statement& statement : scenario_.statements) {
    if (!play(statement)) return false;
  }
  return true;
}

bool ScenarioPlayer::is_idle() const {
  return std::all_of(actors_.begin(), actors_.end(),
                     [](const auto& actor) { return actor.second.client->is_idle(); });
}

bool ScenarioPlayer::fail(const Statement& statement, const std::string& what) {
  if (judges_) {
    theatre_.complain(scenario_.name + ", line " + std::to_string(statement.line) + ": " + what);
  }
  return !judges_;
}

bool ScenarioPlayer::play(const Statement& statement) {
  switch (statement.verb) {
    case Verb::kPut:
    case Verb::kDelete:
    case Verb::kGet:
      return operate(statement);
    case Verb::kFinish:
      return finish(statement);
    case Verb::kCut:
      cut(statement);
      return true;
    case Verb::kHeal:
      heal();
      return true;
    case Verb::kWait:
      theatre_.wait(statement.time, [] { return false; });
      return true;
    case Verb::kNetwork:
      theatre_.network.set_datagram_odds({statement.loss_percent * (kMillion / 100)},
                                         {statement.repeat_percent * (kMillion / 100)});
      return true;
    case Verb::kSettle:
      return theatre_.wait(kSettleMax, [this] {
        return theatre_.cluster.is_formed() && !theatre_.cluster.is_behind();
      }) || fail(statement, "the nodes have not settled");
    case Verb::kEqual:
      return await_equal(statement);
    case Verb::kForgotten:
      return await_forgotten(statement);
    case Verb::kHolds:
      judge_holding(statement);
      return true;
    default:
      break;
  }
  for (const std::string& name : statement.machines) {
    if (!act_on(statement, *theatre_.cluster.nodes()[*node_number(name)])) return false;
  }
  return true;
}

bool ScenarioPlayer::operate(const Statement& statement) {
  Actor& actor = actors_.at(statement.client);
  SimClient& client = *actor.client;
  if (!client.is_idle()) {
    theatre_.complain(scenario_.name + ", line " + std::to_string(statement.line) + ": " +
                      statement.client + " has an operation under way; `finish` comes first");
    return false;
  }
  Request request;
  request.kind = statement.verb == Verb::kPut      ? OperationKind::kPut
                 : statement.verb == Verb::kDelete ? OperationKind::kDelete
                                                   : OperationKind::kGet;
  request.key = statement.key;
  request.padding = statement.value;
  request.consistency = statement.consistency;
  request.ttl = statement.ttl;
  request.via = statement.via;
  request.uses_context = statement.context != "none";
  const auto kept = kept_.find(statement.context);
  if (kept != kept_.end()) request.context = kept->second;
  client.set_habits(statement.habits);
  actor.outcome.reset();
  client.run(std::move(request), [&actor](base::Code code) { actor.outcome = code; });
  const Operation& operation = theatre_.clients.recorder.operation(client.last());
  labels_[operation.op_id] = statement.value;
  operations_[operation.value] = operation.op_id;
  return statement.is_background || finish(statement);
}

bool ScenarioPlayer::finish(const Statement& statement) {
  Actor& actor = actors_.at(statement.client);
  if (!theatre_.wait(kOperationMax, [&actor] { return actor.client->is_idle(); })) return false;
  const SimClient::Known* known = actor.client->known(statement.key);
  if (!statement.keep.empty() && known != nullptr) kept_[statement.keep] = *known;
  judge(statement, actor);
  return true;
}

void ScenarioPlayer::judge(const Statement& statement, const Actor& actor) {
  const Expectation& expected = statement.expected;
  const base::Code outcome = actor.outcome.value_or(base::Code::kOk);
  if (expected.outcome == Expectation::Outcome::kAny) return;
  if (expected.outcome == Expectation::Outcome::kFailed) {
    if (outcome == base::Code::kOk) fail(statement, "it succeeded");
    return;
  }
  if (outcome != expected.code) {
    fail(statement, "it ended with " + std::string(base::name_of(outcome)));
    return;
  }
  const Operation& operation = theatre_.clients.recorder.operation(actor.client->last());
  if (operation.is_read()) judge_read(statement, operation);
}

void ScenarioPlayer::judge_read(const Statement& statement, const Operation& read) {
  const Expectation& expected = statement.expected;
  if (expected.siblings && read.sibling_count != *expected.siblings) {
    fail(statement, std::to_string(read.sibling_count) + " siblings are there");
  }
  if (!expected.values) return;
  std::vector<std::string> labels;
  for (const std::string& value : read.values) labels.push_back(label_of(operations_[value]));
  std::sort(labels.begin(), labels.end());
  if (labels != *expected.values) fail(statement, "it read " + list_of(labels));
}

std::string ScenarioPlayer::label_of(const base::OpId& op_id) const {
  const auto found = labels_.find(op_id);
  return found == labels_.end() ? "(from nowhere)" : found->second;
}

std::vector<MachineIndex> ScenarioPlayer::machines_of(const std::vector<std::string>& names) {
  std::vector<MachineIndex> machines;
  for (const std::string& name : names) {
    const auto number = node_number(name);
    machines.push_back(number ? theatre_.cluster.nodes()[*number]->index()
                              : actors_.at(name).client->index());
  }
  return machines;
}

void ScenarioPlayer::cut(const Statement& statement) {
  const auto left = machines_of(statement.machines);
  const auto right = machines_of(statement.others);
  Cut cut;
  cut.ways = statement.is_one_way ? ways_from(left, right) : ways_between(left, right);
  theatre_.network.apply(cut);
  cuts_.push_back(std::move(cut));
}

void ScenarioPlayer::heal() {
  for (const Cut& cut : std::exchange(cuts_, {})) theatre_.network.heal(cut);
}

bool ScenarioPlayer::act_on(const Statement& statement, SimNode& node) {
  switch (statement.verb) {
    case Verb::kCrash:
    case Verb::kPowerCut:
      has_ended_programs_ = true;
      node.crash(statement.verb == Verb::kCrash ? Ending::kKilled : Ending::kPowerCut);
      return true;
    case Verb::kStop:
      has_ended_programs_ = true;
      node.stop();
      return await_down(statement, node);
    case Verb::kStart:
      node.start();
      return true;
    case Verb::kPause:
      node.pause();
      return true;
    case Verb::kResume:
      node.resume();
      return true;
    case Verb::kClock:
      node.jump_wall(std::chrono::duration_cast<std::chrono::milliseconds>(statement.time));
      return true;
    default:
      break;
  }
  if (node.is_up()) return fail(statement, "the node is up; stop or crash it first");
  if (statement.verb == Verb::kCopy) {
    node.store().keep_copy();
    return true;
  }
  has_lost_disk_ = true;
  if (statement.verb == Verb::kWipe) {
    node.wipe();
    return true;
  }
  if (!node.store().has_copy()) return fail(statement, "there is no copy of its disk");
  node.restore_copy();
  return true;
}

bool ScenarioPlayer::await_down(const Statement& statement, SimNode& node) {
  if (theatre_.wait(kStopMax, [&node] { return !node.is_up(); })) return true;
  return fail(statement, "the node has not stopped");
}

bool ScenarioPlayer::are_equal() const {
  // One that starts does not know its layout yet.
  const auto nodes = theatre_.cluster.nodes();
  const auto is_serving = [](SimNode* node) { return node->is_up() && node->node()->is_serving(); };
  if (!std::all_of(nodes.begin(), nodes.end(), is_serving)) return false;
  Violations differences;
  for (const std::string& key : scenario_.keys) {
    check_convergence(key, theatre_.cluster.records_of(key), differences);
  }
  return differences.empty();
}

bool ScenarioPlayer::await_equal(const Statement& statement) {
  if (theatre_.wait(statement.time, [this] { return are_equal(); })) return true;
  return fail(statement, "the replicas differ, or one is down");
}

bool ScenarioPlayer::await_forgotten(const Statement& statement) {
  const auto is_forgotten = [&] {
    if (!theatre_.cluster.is_formed()) return false;
    const auto records = theatre_.cluster.records_of(statement.key);
    return std::all_of(records.begin(), records.end(),
                       [](const FinalRecord& record) { return record.meta.empty(); });
  };
  if (theatre_.wait(statement.time, is_forgotten)) return true;
  return fail(statement, "a replica still has a record of it");
}

void ScenarioPlayer::judge_holding(const Statement& statement) {
  SimNode& node = *theatre_.cluster.nodes()[*node_number(statement.machines.front())];
  if (!node.is_up()) return (void)fail(statement, "the node is down");
  storage::EntryView found;
  const base::Token token = ring::token_of(statement.key);
  const auto lookup = node.look_up({storage::Space::kData, token, statement.key}, found);
  std::vector<std::string> labels;
  if (lookup.is_ok() && *lookup == storage::Lookup::kFound) {
    const auto record = causality::decode_record(found.meta, found.value);
    if (!record.is_ok()) return (void)fail(statement, record.status().to_string());
    for (const causality::Version& version : record->versions) {
      if (!version.is_tombstone) labels.push_back(label_of(version.op_id));
    }
  }
  std::sort(labels.begin(), labels.end());
  if (labels != *statement.expected.values) fail(statement, "it holds " + list_of(labels));
}

}  // namespace distkv::sim
